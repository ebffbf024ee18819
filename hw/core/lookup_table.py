"""A function in one lookup table a bit, where synthesis would take two."""

from collections.abc import Callable
from typing import Any

from amaranth.hdl import C, Instance, Module, Signal, Value, ValueLike

from .ecp5 import is_ecp5

__all__ = ["look_up"]


def look_up(m: Module, platform: object, function: Callable[..., Any], bits: int, *inputs: ValueLike) -> Value:
    """``function`` of each bit of up to four ``inputs``, of which those of one bit count for all bits;
    combinational.

    On an ECP5 each bit is a LUT4 of its own, which synthesis leaves alone: it would merge what comes before into it,
    and build a multiplexer of two tables for each bit.

    Parameters
    ----------
    function : of single bits, written with ``&``, ``|``, ``^`` and ``~``.
    """
    values = [Value.cast(each) for each in inputs]
    wide = [each.replicate(bits) if len(each) == 1 else each[:bits] for each in values]
    if not is_ecp5(platform):
        return function(*wide)[:bits]

    contents = sum(
        (function(*(number >> place & 1 for place in range(len(wide)))) & 1) << number for number in range(16)
    )
    outputs = Signal(bits, name="")
    for bit in range(bits):
        ports = {f"i_{port}": each[bit] for port, each in zip("ABCD", wide, strict=False)}
        unused = {f"i_{port}": C(0, 1) for port in "ABCD"[len(wide) :]}
        m.submodules += Instance("LUT4", p_INIT=C(contents, 16), **ports, **unused, o_Z=outputs[bit])
    return outputs
