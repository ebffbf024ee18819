"""The scalar unit's comparison, and its shift followed by an addition."""

from amaranth.hdl import C, Cat, Module, Mux, Signal, Value, signed
from amaranth.lib import data, enum, wiring
from amaranth.lib.wiring import In, Out

from onward.hw.spec.formats import MAGNITUDE_BITS, pack_scalar

from .carry_chain import add_or_subtract

__all__ = ["ALIGN_BITS", "GUARD_SHIFT", "AlignControl", "Aligner", "Amount", "Keep", "Operands", "Shift"]

ALIGN_BITS = 7
"""What is shifted right stands this many bits up: enough for the integer part of e^x's power of two."""
GUARD_SHIFT = ALIGN_BITS - 1
"""Amount that shifts to the unit of the result with one guard bit below it."""

_WIDTH = MAGNITUDE_BITS + ALIGN_BITS
_SUM_MASK = ~((1 << (ALIGN_BITS - 2)) - 1)
"""A sum keeps two guard bits."""
_ONE = pack_scalar(0, 1 - MAGNITUDE_BITS, 1 << (MAGNITUDE_BITS - 1))


class Keep(enum.Enum, shape=2):
    """What the first operand's register takes."""

    HOLD = 0
    SCALAR = 1
    ONE = 2
    """1.0"""


class Operands(enum.Enum, shape=3):
    """What the registers of the larger and of the smaller magnitude take."""

    HOLD = 0
    COMPARE = 1
    """of the first operand and the scalar read a cycle ago, the larger and the smaller"""
    FIRST = 2
    """zero and the first operand's magnitude"""
    MANTISSA = 3
    """zero and the magnitude of the packed result"""
    VALUE = 4
    """zero and the function value"""
    PRODUCT = 5
    """zero and the upper half of the product"""


class Amount(enum.Enum, shape=2):
    """What the amount of the shift becomes."""

    HOLD = 0
    DIFFERENCE = 1
    """difference of the exponents compared"""
    EXPONENT = 2
    """the packer's exponent register, less one if its value overflows its magnitude"""
    WHOLE = 3
    """``GUARD_SHIFT`` less the integer part of the last negated power"""


class Shift(enum.Enum, shape=3):
    """What becomes of the shifted smaller magnitude. The larger is always added: it must be 0 for all but SUM."""

    HOLD = 0
    SUM = 1
    """added to the larger magnitude, or subtracted"""
    POWER = 2
    """given the sign"""
    NEAREST = 3
    """given the sign and rounded"""
    POSITIVE = 4
    """rounded"""


AlignControl = data.StructLayout({"keep": Keep, "operands": Operands, "amount": Amount, "whole": 1, "shift": Shift})
"""One cycle of control; all zeros do nothing. ``whole`` : remember the integer part."""


class Aligner(wiring.Component):
    """First operand, larger and smaller magnitude, amount, sum: each a register that takes its value in one cycle.

    Members
    -------
    ``control`` : :data:`AlignControl`. ``negate`` : the second operand changes its sign before a COMPARE.
    ``scalar`` : the scalar read. ``mantissa`` : magnitude of the packed result.
    ``exponent`` : of the packer, for EXPONENT. ``whole`` : integer part of a negated power, at most 0.
    ``sign`` : for POWER and NEAREST. ``value``, ``product`` : function value to come, upper half of the product.
    ``first`` : first operand. Of the last COMPARE: ``greater`` : the first operand is greater than the second, before a
    change of sign; ``larger_exponent``, ``larger_sign`` : of the larger operand; ``subtracting`` : signs differ.
    ``beyond`` : the amount taken from the packer was negative, and the magnitude is not zero.
    ``sum`` : what was shifted, ``ALIGN_BITS`` bits up; rounded ones have one guard bit left.
    """

    control: In(AlignControl)
    negate: In(1)
    scalar: In(25)
    mantissa: In(MAGNITUDE_BITS)
    exponent: In(signed(10))
    whole: In(signed(6))
    sign: In(1)
    value: In(MAGNITUDE_BITS)
    product: In(MAGNITUDE_BITS)
    first: Out(25)
    greater: Out(1)
    larger_exponent: Out(signed(8))
    larger_sign: Out(1)
    subtracting: Out(1)
    beyond: Out(1)
    sum: Out(signed(_WIDTH + 2))

    def elaborate(self, platform: object) -> Module:
        m = Module()
        control = self.control
        with m.Switch(control.keep):
            with m.Case(Keep.SCALAR):
                m.d.sync += self.first.eq(self.scalar)
            with m.Case(Keep.ONE):
                m.d.sync += self.first.eq(_ONE)

        # What is read comes late, and the comparison has many to tell: a register stands between them.
        second = Signal(25, reset_less=True)
        m.d.sync += second.eq(self.scalar)

        # Compare sizes. Of equal ones either may count as the larger, so the tie goes where ``greater`` needs it.
        smaller_first = Signal()
        first_key, second_key = Signal(24), Signal(24)
        m.d.comb += [
            first_key.eq(_key(self.first)),
            second_key.eq(_key(second)),
            smaller_first.eq(Cat(C(0, 1), first_key) < Cat(~self.first[24], second_key)),
        ]

        larger, smaller = Signal(MAGNITUDE_BITS), Signal(MAGNITUDE_BITS)
        smaller_next = Signal(MAGNITUDE_BITS)
        with m.Switch(control.operands):
            with m.Case(Operands.COMPARE):
                m.d.comb += smaller_next.eq(Mux(smaller_first, self.first[:16], second[:16]))
                m.d.sync += [
                    larger.eq(Mux(smaller_first, second[:16], self.first[:16])),
                    self.larger_exponent.eq(Mux(smaller_first, second[16:24], self.first[16:24])),
                    self.larger_sign.eq(Mux(smaller_first, second[24] ^ self.negate, self.first[24])),
                    self.greater.eq(Mux(self.first[24] ^ second[24], second[24], smaller_first ^ ~self.first[24])),
                    self.subtracting.eq(self.first[24] ^ second[24] ^ self.negate),
                ]
            with m.Case(Operands.FIRST):
                m.d.comb += smaller_next.eq(self.first[:16])
            with m.Case(Operands.MANTISSA):
                m.d.comb += smaller_next.eq(self.mantissa)
            with m.Case(Operands.VALUE):
                m.d.comb += smaller_next.eq(self.value)
            with m.Case(Operands.PRODUCT):
                m.d.comb += smaller_next.eq(self.product)
        with m.If(control.operands != Operands.HOLD):
            m.d.sync += smaller.eq(smaller_next)
            with m.If(control.operands != Operands.COMPARE):
                m.d.sync += larger.eq(0)

        # The amount. From 32 on nothing is left of what is shifted.
        amount = Signal(5)
        far = Signal()
        whole = Signal(6)
        amount_next = Signal(9)
        first_exponent, second_exponent = first_key[16:], second_key[16:]
        with m.Switch(control.amount):
            with m.Case(Amount.DIFFERENCE):
                m.d.comb += amount_next.eq(
                    Mux(smaller_first, second_exponent - first_exponent, first_exponent - second_exponent)[:8]
                )
            with m.Case(Amount.EXPONENT):
                m.d.comb += amount_next.eq(self.exponent[:9])
                m.d.sync += self.beyond.eq(self.exponent[9] & smaller_next[-1])
            with m.Case(Amount.WHOLE):
                m.d.comb += amount_next.eq(whole)
        with m.If(control.amount != Amount.HOLD):
            m.d.sync += [amount.eq(amount_next), far.eq(amount_next[5:].any())]
        with m.If(control.whole):
            m.d.sync += whole.eq(GUARD_SHIFT - self.whole)

        # The shift and the addition.
        shifted = Signal(_WIDTH)
        masked = Signal(_WIDTH)
        subtract, carry = Signal(), Signal()
        m.d.comb += [
            shifted.eq(Mux(far, 0, (smaller << ALIGN_BITS) >> amount)),
            masked.eq(shifted),
        ]
        with m.Switch(control.shift):
            with m.Case(Shift.SUM):
                m.d.comb += [
                    masked.eq(shifted & _SUM_MASK),
                    subtract.eq(self.subtracting),
                    carry.eq(self.subtracting),
                ]
            with m.Case(Shift.POWER):
                m.d.comb += [subtract.eq(self.sign), carry.eq(self.sign)]
            with m.Case(Shift.NEAREST):
                # (-x) >> 1 rounds a half away from zero as (x + 1) >> 1 does: both have the carry.
                m.d.comb += [subtract.eq(self.sign), carry.eq(1)]
            with m.Case(Shift.POSITIVE):
                m.d.comb += carry.eq(1)
        total = add_or_subtract(m, larger << ALIGN_BITS, masked, subtract, len(self.sum), carry)
        with m.If(control.shift != Shift.HOLD):
            m.d.sync += self.sum.eq(total)
        return m


def _key(scalar: Value) -> Value:
    """Orders sizes: the biased exponent above the magnitude, all zeros for zero."""
    return Cat(scalar[:16], Cat(scalar[16:23], ~scalar[23]) & scalar[15].replicate(8))
