"""Scales scalars into vector-format elements: the ``fix(S * x)`` of ROWS."""

from amaranth.hdl import C, Cat, Module, Mux, Signal, signed
from amaranth.lib import wiring
from amaranth.lib.wiring import In, Out

from onward.hw.spec.formats import ELEMENT, MAGNITUDE_BITS

__all__ = ["ScalarToFixed"]


class ScalarToFixed(wiring.Component):
    """``a * b`` in the vector format: product truncated to a scalar, then rounded to nearest and saturated.

    Halves round away from zero. Latency ``LATENCY`` = 5 cycles, throughput one product a cycle, no flow control.

    Members
    -------
    ``a``, ``b`` : packed scalars. ``o`` : the element, 5 cycles later. ``saturated`` : it did not fit.
    """

    LATENCY = 5

    a: In(25)
    b: In(25)
    o: Out(signed(ELEMENT.bits))
    saturated: Out(1)

    def elaborate(self, platform: object) -> Module:
        m = Module()

        # cycle 1: product of the magnitudes. The product of the scalars has the exponent ea + eb + 15, or one more if
        # its magnitude needs the 32nd bit; fix shifts it right by -11 minus that.
        product = Signal(2 * MAGNITUDE_BITS)
        shift = Signal(signed(10))
        negative = Signal()
        exponents = self.a[16:24].as_signed() + self.b[16:24].as_signed()
        m.d.sync += [
            product.eq(self.a[:16] * self.b[:16]),
            shift.eq(-ELEMENT.fraction - (MAGNITUDE_BITS - 1) - exponents),
            negative.eq(self.a[24] ^ self.b[24]),
        ]

        # cycle 2: magnitude, with a guard bit below it, and the amount of its shift
        guarded = Signal(MAGNITUDE_BITS + 1)
        amount = Signal(signed(10))
        negative_2 = Signal()
        top = product[-1]
        m.d.sync += [
            guarded.eq(Mux(top, product[16:], product[15:31]) << 1),
            amount.eq(shift - top),
            negative_2.eq(negative),
        ]

        # cycle 3: shift. A magnitude above 2^15 does not survive any shift to the left.
        shifted = Signal(MAGNITUDE_BITS + 1)
        overflow, negative_3 = Signal(), Signal()
        m.d.sync += [
            shifted.eq(Mux(amount[5:9].any(), 0, guarded >> amount[:5])),
            overflow.eq((amount < 0) & guarded[-1]),
            negative_3.eq(negative_2),
        ]

        # cycle 4: round and sign in one addition: (-x) >> 1 rounds the half away from zero as (x + 1) >> 1 does
        rounded = Signal(signed(MAGNITUDE_BITS + 2))
        overflow_4 = Signal()
        operand = Cat(shifted ^ negative_3.replicate(len(shifted)), negative_3)
        m.d.sync += [
            rounded.eq((operand.as_signed() + 1)[1:]),
            overflow_4.eq(overflow),
        ]
        negative_4 = Signal()
        m.d.sync += negative_4.eq(negative_3)

        # cycle 5: saturate
        fits = Signal()
        high = rounded[ELEMENT.bits - 1 :]
        m.d.comb += fits.eq(((high == 0) | high.all()) & ~overflow_4)
        limit = Cat((~negative_4).replicate(ELEMENT.bits - 1), negative_4)
        m.d.sync += [
            self.o.eq(Mux(fits, rounded[: ELEMENT.bits], C(0, ELEMENT.bits) | limit)),
            self.saturated.eq(~fits),
        ]
        return m
