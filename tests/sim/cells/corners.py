"""A core of one multiplier, for netlists: every corner of its arithmetic can be reached by two factors."""

from __future__ import annotations

from collections.abc import Iterable

from amaranth.hdl import Cat, Module, Mux, Signal, signed
from amaranth.lib import stream, wiring
from amaranth.lib.wiring import In, Out

from onward.hw.compact.mac import Accumulator, SignedProduct, UnsignedProduct

__all__ = ["ARRIVING", "LEAVING", "CornerCore", "answer"]

ARRIVING, LEAVING = 8, 14
"""Bytes of a question and of its answer."""

_WAIT = 4
_HALF = 1 << 14


class CornerCore(wiring.Component):
    """Stands for ``ByteTop``: two factors and the start of a sum, least byte first, make :func:`answer`."""

    def __init__(self, config: object) -> None:
        super().__init__({"i": In(stream.Signature(8)), "o": Out(stream.Signature(8)), "busy": Out(1)})

    def elaborate(self, platform: object) -> Module:
        m = Module()
        m.submodules.accumulator = accumulator = Accumulator()
        m.submodules.signed = negative = SignedProduct()
        m.submodules.unsigned = unsigned = UnsignedProduct()
        inward, outward = Signal(8 * ARRIVING), Signal(8 * LEAVING)
        a, b, start = inward[:16], inward[16:32], inward[32:]
        come, left, wait = Signal(range(ARRIVING + 1)), Signal(range(LEAVING + 1)), Signal(range(_WAIT + 2))
        total = Signal(signed(33))
        rounded = Signal(signed(18))
        most, least = (1 << 15) - 1, -(1 << 15)
        fits = Signal()
        m.d.comb += [
            accumulator.a.eq(a),
            accumulator.b.eq(b),
            accumulator.start.eq(start),
            negative.a.eq(a),
            negative.b.eq(b),
            negative.negate.eq(start[0]),
            unsigned.a.eq(a),
            unsigned.b.eq(b),
            total.eq(accumulator.o.as_signed() + _HALF),
            rounded.eq(total >> 15),
            fits.eq((rounded[15:] == 0) | rounded[15:].all()),
            self.o.payload.eq(outward[:8]),
            self.o.valid.eq(left != 0),
            self.i.ready.eq((come != ARRIVING) & (wait == 0) & (left == 0)),
        ]
        with m.If(self.i.valid & self.i.ready):
            m.d.sync += [inward.eq(Cat(inward[8:], self.i.payload)), come.eq(come + 1)]
        with m.If(come == ARRIVING):
            m.d.sync += [come.eq(0), wait.eq(_WAIT + 1)]
            m.d.comb += [unsigned.take_a.eq(1), unsigned.take_b.eq(1)]
        with m.If(wait != 0):
            m.d.sync += wait.eq(wait - 1)
        m.d.comb += [accumulator.load.eq(wait == _WAIT), accumulator.add.eq((wait == _WAIT - 1) | (wait == _WAIT - 2))]
        with m.If(wait == 1):
            clipped = Mux(fits, rounded, Mux(rounded[-1], least, most))
            answers = Cat(accumulator.o, negative.o, unsigned.o, clipped[:16])
            m.d.sync += [outward.eq(answers), left.eq(LEAVING)]
        with m.Elif(self.o.valid & self.o.ready):
            m.d.sync += [outward.eq(outward[8:]), left.eq(left - 1)]
        return m


def answer(a: int, b: int, start: int) -> Iterable[int]:
    """What comes for signed factors and an unsigned start.

    start + 2 a b; a b or, if start is odd, its negative, with b unsigned; the unsigned product; and the first of them,
    rounded to its bit 15 and saturated to 16 bits. All are of 32 bits, the last one of 16.
    """
    unsigned_a, unsigned_b = a & 0xFFFF, b & 0xFFFF
    total = start + 2 * a * b
    total = (total + (1 << 31)) % (1 << 32) - (1 << 31)
    yield total % (1 << 32)
    yield (-a * unsigned_b if start & 1 else a * unsigned_b) % (1 << 32)
    yield unsigned_a * unsigned_b
    yield max(-(1 << 15), min((1 << 15) - 1, (total + _HALF) >> 15)) & 0xFFFF
