"""A table made of logic: where block RAM is for the weights, and every level of lookup tables takes its time."""

from __future__ import annotations

from collections.abc import Sequence

from amaranth.hdl import C, Instance, Module, Mux, Signal, Value
from amaranth.lib.memory import Memory

from .ecp5 import is_ecp5

__all__ = ["read_table"]

_TABLE_INPUTS = 4
_WIDE_INPUTS = 7
"""Of the largest function that the slices of an ECP5 put together of lookup tables with multiplexers of their own."""


def read_table(m: Module, platform: object, rows: Sequence[int], bits: int, address: Signal) -> Value:
    """The row at ``address``, combinationally; there is one for each address.

    On an ECP5 every bit is made of functions of seven inputs, PFUMX and L6MUX21 over eight LUT4 (Lattice
    FPGA-TN-02218), and what chooses among them. Synthesis would save lookup tables, and put six of them in a chain.

    Parameters
    ----------
    rows : unsigned, of ``bits`` bits.
    """
    if not is_ecp5(platform):
        m.submodules.rows = memory = Memory(shape=bits, depth=len(rows), init=rows, attrs={"rom_style": "logic"})
        read = memory.read_port(domain="comb")
        m.d.comb += read.addr.eq(address)
        return read.data
    row = Signal(bits, name="")
    for bit in range(bits):
        contents = sum((number >> bit & 1) << place for place, number in enumerate(rows))
        m.d.comb += row[bit].eq(_read(m, contents, address))
    return row


def _read(m: Module, contents: int, address: Value) -> Value:
    """Bit ``address`` of ``contents``."""
    size = 1 << len(address)
    if contents in (0, (1 << size) - 1):
        return C(contents & 1, 1)
    if len(address) <= _WIDE_INPUTS:
        return _function(m, contents, address)
    half = size // 2
    low, high = contents & (1 << half) - 1, contents >> half
    return Mux(address[-1], _read(m, high, address[:-1]), _read(m, low, address[:-1]))


def _function(m: Module, contents: int, address: Value) -> Signal:
    """The same in one slice or several beside each other, even where it is constant: a PFUMX takes nothing else."""
    result = Signal(name="")
    if len(address) == _TABLE_INPUTS:
        ports = {f"i_{port}": address[place] for place, port in enumerate("ABCD")}
        m.submodules += Instance("LUT4", p_INIT=C(contents, 16), **ports, o_Z=result)
        return result
    half = 1 << len(address) - 1
    low = _function(m, contents & (1 << half) - 1, address[:-1])
    high = _function(m, contents >> half, address[:-1])
    if len(address) == _TABLE_INPUTS + 1:
        m.submodules += Instance("PFUMX", i_ALUT=high, i_BLUT=low, i_C0=address[-1], o_Z=result)
    else:
        m.submodules += Instance("L6MUX21", i_D0=low, i_D1=high, i_SD=address[-1], o_Z=result)
    return result
