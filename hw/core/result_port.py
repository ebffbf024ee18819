"""Sends the scalar unit's results on their way: OUTS, OUTI and OUTE."""

from amaranth.hdl import Module, Signal, signed
from amaranth.lib import stream, wiring
from amaranth.lib.wiring import In, Out

from onward.hw.spec.formats import ELEMENT
from onward.hw.spec.isa import INDEX_BITS, Op

from .aligner import Keep
from .scalar_control import ScalarControl
from .scalar_queue import short_op

__all__ = ["ResultPort"]


class ResultPort(wiring.Component):
    """One result register in front of the result stream.

    Cycles from ``start`` to ``done``, both counted, while the stream accepts one word a cycle: OUTS and OUTI 2, OUTE
    n + 2. The last word is on the stream one cycle after ``done``.

    Members
    -------
    ``start`` : pulse; ``op`` is one of the above, the walk rewinds, and the source register is being read.
    ``op`` : short operation code, stable until ``done``.
    ``first`` : first operand, for OUTS. ``index`` : for OUTI. ``element`` : element read, for OUTE.
    ``read_last`` : of the walk.
    ``control`` : of the datapath. ``done`` : the last cycle.
    ``result`` : stream of results. ``empty`` : no result waits.
    """

    start: In(1)
    op: In(5)
    first: In(25)
    index: In(INDEX_BITS)
    element: In(signed(ELEMENT.bits))
    read_last: In(1)
    control: Out(ScalarControl)
    done: Out(1)
    result: Out(stream.Signature(32))
    empty: Out(1)

    def elaborate(self, platform: object) -> Module:
        m = Module()
        walk = self.control.walk
        vacant = Signal()
        loading = Signal()
        word = Signal(32)
        m.d.comb += [vacant.eq(~self.result.valid | self.result.ready), self.empty.eq(~self.result.valid)]
        with m.If(loading):
            m.d.sync += [self.result.payload.eq(word), self.result.valid.eq(1)]
        with m.Elif(self.result.ready):
            m.d.sync += self.result.valid.eq(0)

        with m.Switch(self.op):
            with m.Case(short_op(Op.OUTS)):
                m.d.comb += word.eq(self.first)
            with m.Case(short_op(Op.OUTI)):
                m.d.comb += word.eq(self.index)
            with m.Default():
                m.d.comb += word.eq(self.element)

        with m.FSM():
            with m.State("IDLE"), m.If(self.start):
                m.d.comb += self.control.align.keep.eq(Keep.SCALAR)
                m.next = "ONE"
                with m.If(self.op == short_op(Op.OUTE)):
                    m.next = "ADDRESS"
            with m.State("ONE"), m.If(vacant):
                m.d.comb += [loading.eq(1), self.done.eq(1)]
                m.next = "IDLE"
            with m.State("ADDRESS"):
                m.next = "ELEMENTS"
            with m.State("ELEMENTS"), m.If(vacant):
                # The element before the address is taken, so the next one must be addressed in this same cycle.
                m.d.comb += [loading.eq(1), walk.ahead.eq(1), walk.next_read.eq(1)]
                with m.If(self.read_last):
                    m.d.comb += self.done.eq(1)
                    m.next = "IDLE"
        return m
