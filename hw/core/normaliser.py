"""Turns exact sums into scalars: the ``float`` of docs/instruction-set.md, as a pipeline."""

from __future__ import annotations

from amaranth.hdl import C, Cat, Module, Mux, Signal, signed
from amaranth.lib import wiring
from amaranth.lib.wiring import In, Out

from onward.hw.spec.formats import EXPONENT_MAX, EXPONENT_MIN, MAGNITUDE_BITS

__all__ = ["Normaliser"]

_STEPS = ((32, 16), (8, 4), (2, 1))
"""Shifts of each pipeline stage."""


class Normaliser(wiring.Component):
    """A signed fixed-point number as a packed scalar, truncated toward zero.

    Latency ``LATENCY`` = 4 cycles, throughput one number a cycle. There is no flow control: whoever needs a valid bit
    or a tag delays it by ``LATENCY``.

    Parameters
    ----------
    bits : bits of the number, 2 to 56.
    fraction : how many of them are behind the point.

    Members
    -------
    ``i`` : the number. ``o`` : ``i / 2^fraction`` as a packed scalar.

    Raises
    ------
    ValueError
        If ``bits`` is out of range, or some number would have an exponent no scalar has.
    """

    LATENCY = 4

    def __init__(self, bits: int, fraction: int) -> None:
        if not 2 <= bits <= 56:
            raise ValueError(f"bits must be 2 to 56, not {bits}")
        if 1 - MAGNITUDE_BITS - fraction < EXPONENT_MIN or bits - MAGNITUDE_BITS - fraction > EXPONENT_MAX:
            raise ValueError(f"fraction must keep every exponent within 8 bits, not {fraction}")
        self.bits, self.fraction = bits, fraction
        super().__init__({"i": In(signed(bits)), "o": Out(25)})

    def elaborate(self, platform: object) -> Module:
        m = Module()

        # cycle 1: sign and magnitude
        width = max(self.bits, MAGNITUDE_BITS)
        sign = Signal()
        magnitude = Signal(width)
        size = Signal(self.bits)
        m.d.comb += size.eq(Mux(self.i < 0, -self.i, self.i))
        m.d.sync += [sign.eq(self.i < 0), magnitude.eq(size << (width - self.bits))]

        # cycles 2 to 4: shift the highest one to the top. Bits that no later shift can bring back are dropped.
        zeros: list[Signal] = []
        value: Signal = magnitude
        for number, steps in enumerate(_STEPS, start=2):
            flags = []
            for step in steps:
                if step >= width:
                    continue
                empty = Signal(name=f"empty_{step}")
                kept = min(width, MAGNITUDE_BITS + step - 1)
                shifted = Signal(kept, name=f"shifted_{step}")
                m.d.comb += [
                    empty.eq(value[-step:] == 0),
                    shifted.eq(Mux(empty, (value << step)[: len(value)], value) >> (len(value) - kept)),
                ]
                flags.append(empty)
                value = shifted
            if number < 1 + len(_STEPS):
                register = Signal.like(value, name=f"magnitude_{number}")
                delayed_sign = Signal(name=f"sign_{number}")
                history = [Signal(name=f"zeros_{number}_{position}") for position in range(len(zeros) + len(flags))]
                m.d.sync += [register.eq(value), delayed_sign.eq(sign)]
                m.d.sync += [after.eq(before) for after, before in zip(history, zeros + flags, strict=True)]
                value, sign, zeros = register, delayed_sign, history
            else:
                zeros = zeros + flags

        exponent = Signal(signed(8))
        m.d.comb += exponent.eq(self.bits - MAGNITUDE_BITS - self.fraction - Cat(*reversed(zeros)))
        nonzero = value[-1]
        m.d.sync += self.o.eq(Mux(nonzero, Cat(value, exponent, sign), C(0, 25)))
        return m
