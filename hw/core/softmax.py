"""Sequences SMAX on the scalar unit's datapath."""

from amaranth.hdl import Module, Signal
from amaranth.lib import wiring
from amaranth.lib.wiring import In, Out

from .aligner import Amount, Operands, Shift
from .element_stage import Largest, Stage, Store, Total
from .function_table import Function, Left, Point, Right
from .packer import Exponent, Magnitude, Normalise
from .scalar_control import ScalarControl, Write

__all__ = ["Softmax"]

_TERM_CYCLES = 10
"""From the read of a logit to the write of its term e^(l - largest)."""
_QUOTIENT_CYCLES = 6
"""From the read of a term to the write of its probability."""


class Softmax(wiring.Component):
    """Softmax over a range of elements, in place: three passes, the last two with one element every second cycle.

    Cycles from ``start`` to ``done``, both counted: 5 n + 23. ``start`` may come in the cycle after ``done``. With a
    multiplier that takes more than one cycle, elements do not overlap: each takes 11 and 7 cycles in the last two
    passes, and those that the multiplier is busy.

    ::

        cycle of an element's    0     1     2      3     4     5      6      7     8      9      10
        terms                    read        M-l    x     *     point  slope  *     value  shift  write, sum
        quotients                read        x 1/Z  *     move  shift  write

    Parameters
    ----------
    overlap : the multiplier is never busy.

    Members
    -------
    ``start`` : pulse; the walk rewinds. ``read_last``, ``write_last`` : of the walk. ``busy`` : of the multiplier.
    ``control`` : of the datapath. ``done`` : the last cycle.
    """

    start: In(1)
    read_last: In(1)
    write_last: In(1)
    busy: In(1)
    control: Out(ScalarControl)
    done: Out(1)

    def __init__(self, overlap: bool = True) -> None:
        self.overlap = overlap
        super().__init__()

    def elaborate(self, platform: object) -> Module:
        m = Module()
        table, align, pack = self.control.table, self.control.align, self.control.pack
        element, walk = self.control.element, self.control.walk

        coming, comparing = Signal(), Signal()
        """An element was read in the cycle before; that before it is there to be compared."""
        reading = Signal()
        quotients = Signal()
        """The elements in flight belong to the last pass."""
        flow = Signal(_TERM_CYCLES)
        age = [reading, *flow]
        """``age[k]``: some element was read k cycles ago."""
        m.d.comb += walk.next_read.eq(reading)
        m.d.sync += [coming.eq(0), comparing.eq(coming)]
        with m.If(~self.busy):
            m.d.sync += flow.eq((flow << 1) | reading)

        with m.FSM():
            with m.State("IDLE"), m.If(self.start):
                m.d.comb += [element.largest.eq(Largest.RESTART), element.total.eq(Total.CLEAR)]
                m.d.sync += quotients.eq(0)
                m.next = "LARGEST"
            with m.State("LARGEST"):
                m.d.comb += walk.next_read.eq(1)
                m.d.sync += coming.eq(1)
                with m.If(self.read_last):
                    m.d.comb += walk.rewind.eq(1)
                    m.next = "READ"
            with m.State("READ"):
                m.d.comb += reading.eq(1)
                m.next = "WAIT"
                with m.If(self.read_last):
                    m.next = "DRAIN"
            with m.State("WAIT"), m.If(walk.next_write | self.overlap):
                m.next = "READ"
            with m.State("DRAIN"):
                m.d.comb += pack.normalise.eq(Normalise.TOTAL)
                with m.If(walk.next_write & self.write_last):
                    m.d.comb += walk.rewind.eq(1)
                    m.next = "COARSE"
                    with m.If(quotients):
                        m.d.comb += self.done.eq(1)
                        m.d.sync += flow.eq(0)
                        m.next = "IDLE"

            # The reciprocal of the sum, into the left factor.
            with m.State("COARSE"):
                m.next = "FINE"
            with m.State("FINE"):
                m.d.comb += [pack.exponent.eq(Exponent.NORMAL), pack.magnitude.eq(Magnitude.NORMAL)]
                m.next = "PACK"
            with m.State("PACK"):
                m.d.comb += [self.control.write.eq(Write.RELAY), align.amount.eq(Amount.EXPONENT)]
                m.next = "POINT"
            with m.State("POINT"):
                m.d.comb += [table.point.eq(Point.SCALAR), table.function.eq(Function.RECIPROCAL)]
                m.next = "SLOPE"
            with m.State("SLOPE"):
                m.d.comb += [table.left.eq(Left.POSITION), table.right.eq(Right.SLOPE)]
                m.next = "PRODUCT"
            with m.State("PRODUCT"), m.If(~self.busy):
                m.next = "INTERPOLATE"
            with m.State("INTERPOLATE"):
                m.d.sync += quotients.eq(1)
                m.next = "RECIPROCAL"
            with m.State("RECIPROCAL"):
                m.d.comb += table.left.eq(Left.VALUE)
                m.next = "READ"

        with m.If(comparing):
            m.d.comb += element.largest.eq(Largest.COMPARE)
        with m.If(quotients):
            with m.If(age[2]):
                m.d.comb += table.right.eq(Right.ELEMENT)
            with m.If(age[4]):
                m.d.comb += align.operands.eq(Operands.PRODUCT)
            with m.If(age[5]):
                m.d.comb += align.shift.eq(Shift.POSITIVE)
            with m.If(age[_QUOTIENT_CYCLES]):
                m.d.comb += [element.store.eq(Store.PROBABILITY), walk.next_write.eq(1)]
        with m.Else():
            with m.If(age[2]):
                m.d.comb += element.stage.eq(Stage.DIFFERENCE)
            with m.If(age[3]):
                m.d.comb += [table.left.eq(Left.STAGE), table.right.eq(Right.LOG2E)]
            with m.If(age[5]):
                m.d.comb += [table.point.eq(Point.NEGATED), table.function.eq(Function.EXP2), align.whole.eq(1)]
            with m.If(age[6]):
                m.d.comb += [table.left.eq(Left.POSITION), table.right.eq(Right.SLOPE)]
            with m.If(age[7]):
                m.d.comb += align.amount.eq(Amount.WHOLE)
            with m.If(age[8]):
                m.d.comb += align.operands.eq(Operands.VALUE)
            with m.If(age[9]):
                m.d.comb += align.shift.eq(Shift.POSITIVE)
            with m.If(age[_TERM_CYCLES]):
                m.d.comb += [
                    element.store.eq(Store.PROBABILITY),
                    element.total.eq(Total.PLUS_SHIFTED),
                    walk.next_write.eq(1),
                ]
        return m
