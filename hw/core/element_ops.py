"""Sequences the scalar unit's work on single elements and on maxima: LDE, STE, EADD and AMAX."""

from amaranth.hdl import Module, Signal
from amaranth.lib import wiring
from amaranth.lib.wiring import In, Out

from onward.hw.spec.isa import Op

from .aligner import Amount, Keep, Operands, Shift
from .element_stage import Largest, Stage, Store, Total
from .element_walk import INDEX_BITS
from .packer import Exponent, Magnitude, Normalise, Sign
from .scalar_control import ScalarControl, Write
from .scalar_queue import short_op

__all__ = ["ElementOps"]


class ElementOps(wiring.Component):
    """Drives the datapath through one operation at a time.

    Cycles from ``start`` to ``done``, both counted: LDE 8, STE 4, EADD 5, AMAX n + 5. ``start`` may come in the
    cycle after ``done``.

    Members
    -------
    ``start`` : pulse; ``op`` is one of the above, the walk rewinds, and the source register is being read.
    ``op`` : short operation code, stable until ``done``. ``above`` : of the element stage.
    ``read_last``, ``write_index`` : of the walk.
    ``control`` : of the datapath. ``done`` : the last cycle. ``index`` : result of AMAX, valid with ``done``.
    """

    start: In(1)
    op: In(5)
    above: In(1)
    read_last: In(1)
    write_index: In(INDEX_BITS)
    control: Out(ScalarControl)
    done: Out(1)
    index: Out(INDEX_BITS)

    def elaborate(self, platform: object) -> Module:
        m = Module()
        align, pack, element = self.control.align, self.control.pack, self.control.element
        walk = self.control.walk
        coming, judging = Signal(), Signal()
        """An element was read in the cycle before; that before it is there to be judged."""
        # It is known late in a cycle which one is larger: its index is taken in the next one.
        found, place = Signal(), Signal(INDEX_BITS)
        m.d.sync += [coming.eq(0), judging.eq(coming), found.eq(judging & self.above), place.eq(self.write_index)]

        with m.FSM():
            with m.State("IDLE"), m.If(self.start), m.Switch(self.op):
                with m.Case(short_op(Op.LDE)):
                    m.d.comb += element.total.eq(Total.CLEAR)
                    m.next = "ADDRESS"
                with m.Case(short_op(Op.STE)):
                    m.d.comb += [
                        align.keep.eq(Keep.SCALAR),
                        pack.exponent.eq(Exponent.FIX),
                        pack.sign.eq(Sign.SCALAR),
                        pack.magnitude.eq(Magnitude.NORMAL),
                    ]
                    m.next = "FIX"
                with m.Case(short_op(Op.EADD)):
                    m.next = "ADDRESS"
                with m.Case(short_op(Op.AMAX)):
                    m.d.comb += element.largest.eq(Largest.RESTART)
                    m.d.sync += self.index.eq(0)
                    m.next = "READ"

            with m.State("ADDRESS"):
                m.next = "MEMORY"
            with m.State("MEMORY"):
                m.next = "LOAD"
                with m.If(self.op == short_op(Op.EADD)):
                    m.next = "ADD"
            with m.State("LOAD"):
                m.d.comb += [element.stage.eq(Stage.MAGNITUDE), pack.sign.eq(Sign.ELEMENT)]
                m.next = "MOVE"
            with m.State("MOVE"):
                m.d.comb += [element.total.eq(Total.PLUS_STAGE), pack.normalise.eq(Normalise.ELEMENT)]
                m.next = "COARSE"
            with m.State("COARSE"):
                m.next = "FINE"
            with m.State("FINE"):
                m.d.comb += [pack.exponent.eq(Exponent.NORMAL), pack.magnitude.eq(Magnitude.NORMAL)]
                m.next = "FINISH"
            with m.State("FINISH"):
                m.d.comb += [self.control.write.eq(Write.REGISTER), self.done.eq(1)]
                m.next = "IDLE"

            with m.State("FIX"):
                m.d.comb += [align.operands.eq(Operands.FIRST), align.amount.eq(Amount.EXPONENT)]
                m.next = "SHIFT"
            with m.State("SHIFT"):
                m.d.comb += align.shift.eq(Shift.NEAREST)
                m.next = "STORE SCALAR"
            with m.State("STORE SCALAR"):
                m.d.comb += [element.store.eq(Store.SHIFTED), self.done.eq(1)]
                m.next = "IDLE"

            with m.State("ADD"):
                m.d.comb += element.stage.eq(Stage.SUM)
                m.next = "STORE SUM"
            with m.State("STORE SUM"):
                m.d.comb += [element.store.eq(Store.STAGE), self.done.eq(1)]
                m.next = "IDLE"

            with m.State("READ"):
                m.d.comb += walk.next_read.eq(1)
                m.d.sync += coming.eq(1)
                with m.If(self.read_last):
                    m.next = "LAST COMES"
            with m.State("LAST COMES"):
                m.next = "JUDGE LAST"
            with m.State("JUDGE LAST"):
                m.next = "FOUND"
            with m.State("FOUND"):
                m.next = "INDEX"
            with m.State("INDEX"):
                m.d.comb += self.done.eq(1)
                m.next = "IDLE"

        with m.If(judging):
            m.d.comb += [element.largest.eq(Largest.COMPARE), walk.next_write.eq(1)]
        with m.If(found):
            m.d.sync += self.index.eq(place)
        return m
