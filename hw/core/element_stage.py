"""What the scalar unit does to elements: sums, differences, the largest, and the way back to the memory."""

from amaranth.hdl import Cat, Module, Mux, Signal, Value, signed
from amaranth.lib import data, enum, wiring
from amaranth.lib.wiring import In, Out

from onward.hw.spec.formats import ELEMENT

from .carry_chain import add_or_subtract

__all__ = ["ElementControl", "ElementStage", "Largest", "Stage", "Store", "Total"]

_STAGE_BITS = 18
_TOTAL_BITS = 30
"""4,095 weights of a draw, each below 2^17, with a sign."""
_CAPPED_BITS = 18


class Stage(enum.Enum, shape=4):
    """What the stage register takes, made of the element read.

    Bit 0: the immediate is added, bit 1: the element is taken from the largest, bit 2: its size counts, bit 3: this is
    a weight. No time is left to decode it.
    """

    HOLD = 0
    SUM = 0b0001
    """element plus immediate"""
    DIFFERENCE = 0b0010
    """largest element less this one"""
    MAGNITUDE = 0b0100
    """size of the element"""
    WEIGHT = 0b1001
    """of a draw: the element, or 0 if it is negative, plus the immediate; 0 if excluded"""


class Total(enum.Enum, shape=3):
    """What the total becomes.

    Of a sum, bit 0 says that it is a difference, bit 1 that the aligner's sum is added: no time is left to decode it.
    """

    HOLD = 0
    CLEAR = 0b001
    THRESHOLD = 0b010
    PLUS_STAGE = 0b100
    LESS_STAGE = 0b101
    PLUS_SHIFTED = 0b110


class Largest(enum.Enum, shape=2):
    """What becomes of the largest element."""

    HOLD = 0
    RESTART = 1
    COMPARE = 2


class Store(enum.Enum, shape=2):
    """What is written to the element memory."""

    NONE = 0
    STAGE = 1
    """the stage register, saturated"""
    SHIFTED = 2
    """the aligner's rounded sum, saturated"""
    PROBABILITY = 3
    """the aligner's rounded sum, which is at most 2^15"""


ElementControl = data.StructLayout({"stage": Stage, "total": Total, "largest": Largest, "store": Store})
"""One cycle of control; all zeros do nothing."""


class ElementStage(wiring.Component):
    """Stage register, total and largest element: each takes its value in one cycle.

    Members
    -------
    ``control`` : :data:`ElementControl`. ``element`` : as read.
    ``immediate`` : 16 bits; unsigned for WEIGHT, signed for SUM. ``excluded`` : the element read counts for nothing.
    ``threshold`` : new total for THRESHOLD.
    ``shifted`` : the aligner's rounded sum. ``beyond`` : it is too large for any number of bits, with the sign of
    ``beyond_sign``.
    ``stage``, ``total`` : the registers. ``capped`` : the total, at most 2^18 - 1.
    ``above`` : the element is larger than the largest so far.
    ``write``, ``written``, ``saturated`` : write enable and data for the element memory, and whether it was saturated.
    """

    control: In(ElementControl)
    element: In(signed(ELEMENT.bits))
    immediate: In(16)
    excluded: In(1)
    threshold: In(_CAPPED_BITS)
    shifted: In(signed(24))
    beyond: In(1)
    beyond_sign: In(1)
    stage: Out(signed(_STAGE_BITS))
    total: Out(signed(_TOTAL_BITS))
    capped: Out(_CAPPED_BITS)
    above: Out(1)
    write: Out(1)
    written: Out(signed(ELEMENT.bits))
    saturated: Out(1)

    def elaborate(self, platform: object) -> Module:
        m = Module()
        control = self.control
        sign = self.element[-1]

        largest = Signal(signed(ELEMENT.bits), init=ELEMENT.min)
        m.d.comb += self.above.eq(self.element > largest)
        with m.If(control.largest == Largest.RESTART):
            m.d.sync += largest.eq(ELEMENT.min)
        with m.Elif((control.largest == Largest.COMPARE) & self.above):
            m.d.sync += largest.eq(self.element)

        base = Signal(signed(_STAGE_BITS))
        operand = Signal(signed(ELEMENT.bits))
        subtract = Signal()
        adds, lessens, sizes, weighs = Value.cast(control.stage)
        immediate = Cat(self.immediate, (self.immediate[-1] & ~weighs).replicate(_STAGE_BITS - len(self.immediate)))
        counts = adds & ~(weighs & self.excluded)
        m.d.comb += [
            base.eq((immediate & counts.replicate(_STAGE_BITS)) | (largest & lessens.replicate(_STAGE_BITS))),
            operand.eq(self.element & (~(weighs & (self.excluded | sign))).replicate(ELEMENT.bits)),
            subtract.eq(lessens | (sizes & sign)),
        ]
        staged = add_or_subtract(m, base, operand, subtract, _STAGE_BITS)
        with m.If(control.stage != Stage.HOLD):
            m.d.sync += self.stage.eq(staged)

        less, shifts = Value.cast(control.total)[:2]
        total = add_or_subtract(m, self.total, Mux(shifts, self.shifted[:17], self.stage[:17]), less, _TOTAL_BITS)
        with m.Switch(control.total):
            with m.Case(Total.CLEAR):
                m.d.sync += self.total.eq(0)
            with m.Case(Total.PLUS_STAGE, Total.LESS_STAGE, Total.PLUS_SHIFTED):
                m.d.sync += self.total.eq(total)
            with m.Case(Total.THRESHOLD):
                m.d.sync += self.total.eq(self.threshold)
        over = self.total[_CAPPED_BITS:].any()
        m.d.comb += self.capped.eq(self.total[:_CAPPED_BITS] | over.replicate(_CAPPED_BITS))

        value = Signal(signed(len(self.shifted)))
        fits, negative = Signal(), Signal()
        high = value[ELEMENT.bits - 1 :]
        beyond = (control.store == Store.SHIFTED) & self.beyond
        m.d.comb += [
            self.write.eq(control.store != Store.NONE),
            value.eq(Mux(control.store == Store.STAGE, self.stage, self.shifted)),
            fits.eq((((high == 0) | high.all()) & ~beyond) | (control.store == Store.PROBABILITY)),
            negative.eq(Mux(beyond, self.beyond_sign, value[-1])),
            self.written.eq(Mux(fits, value, Cat((~negative).replicate(ELEMENT.bits - 1), negative))),
            self.saturated.eq(self.write & ~fits),
        ]
        return m
