"""The scalar unit's function tables, and the multiplier that interpolates them and does everything else."""

from amaranth.hdl import Cat, Module, Signal, signed
from amaranth.lib import data, enum, memory, wiring
from amaranth.lib.wiring import In, Out

from onward.hw.spec.formats import ELEMENT, MAGNITUDE_BITS
from onward.hw.spec.tables import EXP2_TABLE, LOG2E_FIXED, LOG2E_FRACTION, POSITION_BITS, RECIPROCAL_TABLE, RSQRT_TABLE

from .carry_chain import add_or_subtract
from .logic_table import read_table
from .multiplier import Multiplier

__all__ = ["LOG2E_MAGNITUDE", "Function", "FunctionTable", "Left", "Point", "Right", "TableControl"]

LOG2E_MAGNITUDE = LOG2E_FIXED << 1
"""Magnitude of log2(e) as a scalar: its exponent is -15, so it has 15 fraction bits."""

_SLOPE_BITS = 10


class Left(enum.Enum, shape=3):
    """What the left factor takes, up to 18 bits."""

    HOLD = 0
    SCALAR = 1
    POSITION = 2
    STAGE = 3
    VALUE = 4
    TOTAL = 5


class Right(enum.Enum, shape=3):
    """What the right factor takes, up to 16 bits."""

    HOLD = 0
    SCALAR = 1
    SLOPE = 2
    LOG2E = 3
    ELEMENT = 4
    RANDOM = 5


class Point(enum.Enum, shape=2):
    """Where a function is looked up."""

    HOLD = 0
    SCALAR = 1
    """magnitude of the scalar read"""
    POWER = 2
    """fraction of a shifted power of two"""
    NEGATED = 3
    """fraction of minus the product / 2^10"""


class Function(enum.Enum, shape=2):
    """Which function is looked up."""

    EXP2 = 0
    RECIPROCAL = 1
    RSQRT = 2


TableControl = data.StructLayout({"left": Left, "right": Right, "point": Point, "function": Function})
"""One cycle of control; all zeros do nothing."""


class FunctionTable(wiring.Component):
    """A multiplier, a table and its interpolation.

    The point of a function is taken in cycle 0, ``POSITION`` and ``SLOPE`` must be taken in cycle 1. The product of
    these is there in cycle 3 and ``value`` in cycle 4, or both of them ``cycles`` - 1 cycles later. As far as the table
    is concerned, a point may be taken every second cycle.

    Parameters
    ----------
    cycles : of the multiplier.

    Members
    -------
    ``control`` : :data:`TableControl`.
    ``scalar``, ``odd`` : magnitude of the scalar read and its exponent's lowest bit.
    ``power``, ``stage``, ``element``, ``total``, ``random`` : the other sources.
    ``product``, ``busy`` : of the multiplier. ``value`` : function value in [2^15, 2^16].
    ``coming`` : what ``value`` is to be in the next cycle.
    ``whole`` : the integer part that belongs to a NEGATED point, in the cycle in which it is taken.
    """

    control: In(TableControl)
    scalar: In(MAGNITUDE_BITS)
    odd: In(1)
    power: In(16)
    stage: In(16)
    element: In(ELEMENT.bits)
    total: In(18)
    random: In(16)
    product: Out(34)
    value: Out(17)
    coming: Out(17)
    whole: Out(signed(6))
    busy: Out(1)

    def __init__(self, cycles: int = 1) -> None:
        self.cycles = cycles
        super().__init__()

    def elaborate(self, platform: object) -> Module:
        m = Module()
        control = self.control

        # The table. Each row is the base, whose 2^16 reads as 0, below the size of the slope; only EXP2 rises.
        rows = [base & 0xFFFF | abs(slope) << 16 for base, slope in EXP2_TABLE + RECIPROCAL_TABLE + RSQRT_TABLE]
        address, looks = Signal(8), Signal()
        point = Signal(16)
        position = Signal(POSITION_BITS)
        falling = Signal()
        negated = Signal(22)
        kind = control.function.as_value() | (self.odd & (control.function == Function.RSQRT))
        m.d.comb += [
            negated.eq(-self.product[LOG2E_FRACTION + 1 + ELEMENT.fraction - 16 : 32]),
            self.whole.eq(negated[16:]),
            address.eq(Cat(point[POSITION_BITS:], kind)),
            looks.eq(control.point != Point.HOLD),
        ]
        # Cores with fast multiplication keep their weights in block RAM: the table leaves it to them. Made of logic, it
        # takes its time: the register is in front of it, behind what decides where to look.
        row = Signal(16 + _SLOPE_BITS)
        if self.cycles == 1:
            place = Signal.like(address)
            with m.If(looks):
                m.d.sync += place.eq(address)
            m.d.comb += row.eq(read_table(m, platform, rows, len(row), place))
        else:
            m.submodules.rows = table = memory.Memory(shape=len(row), depth=len(rows), init=rows)
            read = table.read_port()
            m.d.comb += [read.addr.eq(address), read.en.eq(looks), row.eq(read.data)]
        with m.Switch(control.point):
            with m.Case(Point.SCALAR):
                m.d.comb += point.eq(self.scalar << 1)
            with m.Case(Point.POWER):
                m.d.comb += point.eq(self.power)
            with m.Case(Point.NEGATED):
                m.d.comb += point.eq(negated)
        with m.If(looks):
            m.d.sync += [position.eq(point), falling.eq(control.function != Function.EXP2)]

        m.submodules.multiplier = multiplier = Multiplier(self.cycles)
        m.d.comb += [
            multiplier.take_left.eq(control.left != Left.HOLD),
            multiplier.take_right.eq(control.right != Right.HOLD),
            self.product.eq(multiplier.product),
            self.busy.eq(multiplier.busy),
        ]
        with m.Switch(control.left):
            with m.Case(Left.SCALAR):
                m.d.comb += multiplier.left.eq(self.scalar)
            with m.Case(Left.POSITION):
                m.d.comb += multiplier.left.eq(position)
            with m.Case(Left.STAGE):
                m.d.comb += multiplier.left.eq(self.stage)
            with m.Case(Left.VALUE):
                m.d.comb += multiplier.left.eq(self.value)
            with m.Case(Left.TOTAL):
                m.d.comb += multiplier.left.eq(self.total)
        with m.Switch(control.right):
            with m.Case(Right.SCALAR):
                m.d.comb += multiplier.right.eq(self.scalar)
            with m.Case(Right.SLOPE):
                m.d.comb += multiplier.right.eq(row[16:])
            with m.Case(Right.LOG2E):
                m.d.comb += multiplier.right.eq(LOG2E_MAGNITUDE)
            with m.Case(Right.ELEMENT):
                m.d.comb += multiplier.right.eq(self.element)
            with m.Case(Right.RANDOM):
                m.d.comb += multiplier.right.eq(self.random)

        # The interpolation: a row is held for two cycles at least, and needed for one more.
        base = Signal(17 + POSITION_BITS)
        delayed_falling = Signal()
        step = self.product[: POSITION_BITS + _SLOPE_BITS]
        interpolated = add_or_subtract(m, base, step, delayed_falling, 17 + POSITION_BITS)
        m.d.comb += self.coming.eq(interpolated[POSITION_BITS:])
        m.d.sync += [
            base.eq(Cat(row[:16], ~row[15]) << POSITION_BITS),
            delayed_falling.eq(falling),
            self.value.eq(self.coming),
        ]
        return m
