"""The scalar unit's exponent and sign, its normaliser, and the packing of results."""

from amaranth.hdl import C, Cat, Module, Mux, Signal, signed
from amaranth.lib import data, enum, wiring
from amaranth.lib.wiring import In, Out

from onward.hw.spec.formats import ELEMENT, EXPONENT_MAX, EXPONENT_MIN, MAGNITUDE_BITS, PROBABILITY_FRACTION

from .aligner import ALIGN_BITS, GUARD_SHIFT
from .carry_chain import add_or_subtract

__all__ = ["Exponent", "Magnitude", "Normalise", "PackControl", "Packer", "Sign"]

_WIDTH = 32
"""Bits of the normaliser: the sum of squared pixels has most."""
_PIXEL_FRACTION = 16


class Magnitude(enum.Enum, shape=2):
    """Which 17 bits are the magnitude in the next cycle; their highest one must be among the upper two, unless it is 0.

    It is chosen a cycle ahead because the packing is the longest way through the scalar unit.
    """

    NORMAL = 0
    PRODUCT = 1
    VALUE = 2
    SUM = 3


class Normalise(enum.Enum, shape=3):
    """What the normaliser takes in the next cycle. Its result is the NORMAL magnitude two cycles after that one."""

    HOLD = 0
    SUM = 1
    """difference of two scalars"""
    PIXELS = 2
    TOTAL = 3
    """a sum of softmax terms"""
    ELEMENT = 4
    """the total again, holding the size of an element"""


class Exponent(enum.Enum, shape=4):
    """What the exponent becomes; ``es`` is the exponent of the scalar read."""

    HOLD = 0
    PRODUCT = 1
    """es + 15, to be followed by PLUS_SCALAR"""
    PLUS_SCALAR = 2
    RECIPROCAL = 3
    """-31 - es"""
    RSQRT = 4
    """-23 - es/2, or -24 - (es-1)/2"""
    POWER = 5
    """amount of the shift that gives the power of two, from es"""
    FIX = 6
    """amount of the shift that gives a vector-format number, from es"""
    LARGER = 7
    """exponent of the larger operand"""
    EXP2 = 8
    """integer part of the power of two, - 15"""
    NORMAL = 9
    """that of what the normaliser took in the cycle before"""


class Sign(enum.Enum, shape=3):
    """What the sign becomes."""

    HOLD = 0
    SCALAR = 1
    FLIPPED = 2
    """the other of the scalar's"""
    PRODUCT = 3
    """of this sign and the scalar's"""
    LARGER = 4
    CLEAR = 5
    ELEMENT = 6


class _Special(enum.Enum, shape=2):
    """A result that does not depend on the magnitude."""

    NONE = 0
    ZERO = 1
    LARGEST = 2


PackControl = data.StructLayout({"magnitude": Magnitude, "normalise": Normalise, "exponent": Exponent, "sign": Sign})
"""One cycle of control; all zeros do nothing."""


class Packer(wiring.Component):
    """Exponent and sign registers, a two-cycle normaliser, and the combinational packing of a result.

    Members
    -------
    ``control`` : :data:`PackControl`. ``scalar`` : the scalar read.
    ``larger_exponent``, ``larger_sign`` : of the larger operand. ``element_sign`` : of the element read.
    ``sum`` : the aligner's. ``beyond`` : its power of two is out of range.
    ``product``, ``value`` : the multiplier's and the table's. ``pixels`` : sum of squared pixels.
    ``total`` : size of an element, or sum of softmax terms.
    ``result``, ``mantissa`` : packed scalar, and the 16 bits of its magnitude before saturation.
    ``amount`` : exponent, less one if the magnitude has its 17th bit. ``sign`` : the sign register.
    """

    control: In(PackControl)
    scalar: In(25)
    larger_exponent: In(signed(8))
    larger_sign: In(1)
    element_sign: In(1)
    sum: In(MAGNITUDE_BITS + ALIGN_BITS + 1)
    beyond: In(1)
    product: In(2 * MAGNITUDE_BITS)
    value: In(17)
    pixels: In(_WIDTH)
    total: In(_WIDTH)
    result: Out(25)
    mantissa: Out(MAGNITUDE_BITS)
    amount: Out(signed(10))
    sign: Out(1)

    def elaborate(self, platform: object) -> Module:
        m = Module()
        control = self.control
        scalar_exponent = self.scalar[16:24].as_signed()
        scalar_nonzero = self.scalar[15]
        exponent = Signal(signed(10))

        # The normaliser: whole bytes first, then single bits. Bits that no later shift can bring back are dropped.
        wide = Signal(_WIDTH)
        taken, shifting = Signal(Normalise), Signal(Normalise)
        m.d.sync += [taken.eq(control.normalise), shifting.eq(taken)]
        with m.Switch(taken):
            with m.Case(Normalise.SUM):
                # The difference has no carry: its highest bit is the one that the larger magnitude starts with.
                m.d.comb += wide[_WIDTH - MAGNITUDE_BITS - 2 :].eq(self.sum[ALIGN_BITS - 2 :])
            with m.Case(Normalise.PIXELS):
                m.d.comb += wide.eq(self.pixels)
            with m.Default():
                m.d.comb += wide.eq(self.total)
        coarse = Signal(MAGNITUDE_BITS + 7)
        bytes_ = Signal(2)
        shifted_bytes = Signal(2)
        m.d.sync += shifted_bytes.eq(bytes_)
        m.d.comb += bytes_.eq(Mux(wide[24:].any(), 0, Mux(wide[16:24].any(), 1, Mux(wide[8:16].any(), 2, 3))))
        with m.Switch(bytes_):
            for count in range(4):
                with m.Case(count):
                    m.d.sync += coarse.eq((wide << (8 * count))[_WIDTH - len(coarse) : _WIDTH])
        fine = Signal(MAGNITUDE_BITS)
        bits = Signal(3)
        for count in reversed(range(8)):
            with m.If(coarse[len(coarse) - 1 - count]):
                m.d.comb += bits.eq(count)
        m.d.sync += fine.eq((coarse << bits)[7 : len(coarse)])
        unshifted = Signal(signed(10))
        with m.Switch(shifting):
            with m.Case(Normalise.SUM):
                m.d.comb += unshifted.eq(exponent)
            with m.Case(Normalise.PIXELS):
                m.d.comb += unshifted.eq(_WIDTH - MAGNITUDE_BITS - _PIXEL_FRACTION)
            with m.Case(Normalise.ELEMENT):
                m.d.comb += unshifted.eq(_WIDTH - MAGNITUDE_BITS - ELEMENT.fraction)
            with m.Default():
                # A quotient is to be shifted by 31 - 14 more than this exponent, with one guard bit; 16 of that are
                # taken off by using the upper half of the product.
                guarded = 31 - PROBABILITY_FRACTION - 1 - MAGNITUDE_BITS + GUARD_SHIFT + 1
                m.d.comb += unshifted.eq(_WIDTH - MAGNITUDE_BITS + guarded)

        # The magnitude and its packing.
        wide_magnitude = Signal(17)
        final = Signal(8)
        chosen = Signal(Magnitude)
        m.d.sync += chosen.eq(control.magnitude)
        with m.Switch(chosen):
            with m.Case(Magnitude.NORMAL):
                m.d.comb += wide_magnitude.eq(fine)
            with m.Case(Magnitude.PRODUCT):
                m.d.comb += wide_magnitude.eq(self.product[MAGNITUDE_BITS - 1 :])
            with m.Case(Magnitude.VALUE):
                m.d.comb += wide_magnitude.eq(self.value)
            with m.Case(Magnitude.SUM):
                m.d.comb += wide_magnitude.eq(self.sum[ALIGN_BITS:])
        overflow = wide_magnitude[-1]
        special = Signal(_Special)
        ordinary = special == _Special.NONE
        largest, zero = Signal(), Signal()
        # The limits are compared with the exponent without the overflow, which is known earlier.
        too_large = (exponent > EXPONENT_MAX) | ((exponent == EXPONENT_MAX) & overflow)
        too_small = (exponent < EXPONENT_MIN) & ~((exponent == EXPONENT_MIN - 1) & overflow)
        m.d.comb += [
            self.mantissa.eq(Mux(overflow, wide_magnitude[1:], wide_magnitude[:16])),
            self.amount.eq(exponent - overflow),
            final.eq(exponent + overflow),
            largest.eq((special == _Special.LARGEST) | (ordinary & too_large)),
            zero.eq((special == _Special.ZERO) | (ordinary & (too_small | (wide_magnitude[15:] == 0)))),
            self.result.eq(Cat(self.mantissa, final, self.sign)),
        ]
        with m.If(zero):
            m.d.comb += self.result.eq(0)
        with m.Elif(largest):
            m.d.comb += self.result.eq(Cat(C(0xFFFF, 16), C(EXPONENT_MAX, 8), self.sign))

        # The exponent: constant or itself, plus or minus one source.
        base = Signal(signed(10))
        operand = Signal(signed(10))
        subtract, carry = Signal(), Signal()
        m.d.comb += carry.eq(subtract)
        with m.Switch(control.exponent):
            with m.Case(Exponent.PRODUCT):
                m.d.comb += [base.eq(15), operand.eq(scalar_exponent)]
            with m.Case(Exponent.PLUS_SCALAR):
                m.d.comb += [base.eq(exponent), operand.eq(scalar_exponent)]
            with m.Case(Exponent.RECIPROCAL):
                m.d.comb += [base.eq(-31), operand.eq(scalar_exponent), subtract.eq(1)]
            with m.Case(Exponent.RSQRT):
                m.d.comb += [
                    base.eq(-23),
                    operand.eq(scalar_exponent >> 1),
                    subtract.eq(1),
                    carry.eq(~scalar_exponent[0]),
                ]
            with m.Case(Exponent.POWER):
                m.d.comb += [base.eq(ALIGN_BITS - 16), operand.eq(scalar_exponent), subtract.eq(1)]
            with m.Case(Exponent.FIX):
                m.d.comb += [
                    base.eq(GUARD_SHIFT - ELEMENT.fraction),
                    operand.eq(scalar_exponent),
                    subtract.eq(1),
                ]
            with m.Case(Exponent.LARGER):
                m.d.comb += operand.eq(self.larger_exponent)
            with m.Case(Exponent.EXP2):
                m.d.comb += [base.eq(1 - MAGNITUDE_BITS), operand.eq(self.sum[16:24].as_signed())]
            with m.Case(Exponent.NORMAL):
                m.d.comb += [base.eq(unshifted), operand.eq(Cat(bits, shifted_bytes)), subtract.eq(1)]
        following = add_or_subtract(m, base, operand, subtract, 10, carry)
        with m.If(control.exponent != Exponent.HOLD):
            m.d.sync += [exponent.eq(following), special.eq(_Special.NONE)]
        with m.If((control.exponent == Exponent.RECIPROCAL) & ~scalar_nonzero):
            m.d.sync += special.eq(_Special.LARGEST)
        with m.If((control.exponent == Exponent.RSQRT) & (self.scalar[24] | ~scalar_nonzero)):
            m.d.sync += special.eq(_Special.ZERO)
        with m.If((control.exponent == Exponent.EXP2) & self.beyond):
            m.d.sync += special.eq(Mux(self.sign, _Special.ZERO, _Special.LARGEST))

        with m.Switch(control.sign):
            with m.Case(Sign.SCALAR):
                m.d.sync += self.sign.eq(self.scalar[24])
            with m.Case(Sign.FLIPPED):
                m.d.sync += self.sign.eq(~self.scalar[24])
            with m.Case(Sign.PRODUCT):
                m.d.sync += self.sign.eq(self.sign ^ self.scalar[24])
            with m.Case(Sign.LARGER):
                m.d.sync += self.sign.eq(self.larger_sign)
            with m.Case(Sign.CLEAR):
                m.d.sync += self.sign.eq(0)
            with m.Case(Sign.ELEMENT):
                m.d.sync += self.sign.eq(self.element_sign)
        return m
