"""Sequences DRAW on the scalar unit's datapath."""

from amaranth.hdl import Module, Signal
from amaranth.lib import wiring
from amaranth.lib.wiring import In, Out

from .element_stage import Stage, Total
from .element_walk import INDEX_BITS
from .function_table import Left, Right
from .scalar_control import ScalarControl

__all__ = ["Draw"]

_WEIGH_CYCLES = 3
"""From the read of an element to the cycle that adds or subtracts its weight."""


class Draw(wiring.Component):
    """An index drawn in proportion to weights: their sum, a random share of it, and the element that it falls on.

    Cycles from ``start`` to ``done``, both counted: n + 10 + c for the index c, and those that the multiplier is busy.
    ``start`` may come in the cycle after ``done``.

    Members
    -------
    ``start`` : pulse; the walk rewinds. ``exclude``, ``excluded_index`` : an index that has no weight.
    ``read_last``, ``write_last``, ``read_index`` : of the walk. ``exhausted`` : the total is below zero.
    ``busy`` : of the multiplier.
    ``control`` : of the datapath. ``excluded`` : the element read two cycles before has no weight.
    ``step`` : the generator steps; it does so once for each draw.
    ``done`` : the last cycle; the walk's write index is the result.
    """

    start: In(1)
    exclude: In(1)
    excluded_index: In(INDEX_BITS)
    read_last: In(1)
    write_last: In(1)
    read_index: In(INDEX_BITS)
    exhausted: In(1)
    busy: In(1)
    control: Out(ScalarControl)
    excluded: Out(1)
    step: Out(1)
    done: Out(1)

    def elaborate(self, platform: object) -> Module:
        m = Module()
        table, element, walk = self.control.table, self.control.element, self.control.walk

        reading = Signal()
        searching = Signal()
        """The elements in flight belong to the second pass."""
        flow = Signal(_WEIGH_CYCLES + 1)
        age = [reading, *flow]
        """``age[k]``: some element was read k cycles ago."""
        m.d.comb += walk.next_read.eq(reading)
        excludes = Signal()
        m.d.sync += [
            flow.eq((flow << 1) | reading),
            excludes.eq(self.exclude & (self.read_index == self.excluded_index)),
            self.excluded.eq(excludes),
        ]

        with m.FSM():
            with m.State("IDLE"), m.If(self.start):
                m.d.comb += [element.total.eq(Total.CLEAR), self.step.eq(1)]
                m.d.sync += searching.eq(0)
                m.next = "SUM"
            with m.State("SUM"):
                m.d.comb += reading.eq(1)
                with m.If(self.read_last):
                    m.d.comb += walk.rewind.eq(1)
                    m.next = "DRAIN"
            with m.State("DRAIN"), m.If(~(age[1] | age[2])):
                m.next = "SHARE"
            with m.State("SHARE"):
                m.d.comb += [table.left.eq(Left.TOTAL), table.right.eq(Right.RANDOM)]
                m.d.sync += searching.eq(1)
                m.next = "PRODUCT"
            with m.State("PRODUCT"), m.If(~self.busy):
                m.d.comb += reading.eq(1)
                m.next = "THRESHOLD"
            with m.State("THRESHOLD"):
                m.d.comb += [reading.eq(1), element.total.eq(Total.THRESHOLD)]
                m.next = "SEARCH"
            with m.State("SEARCH"):
                m.d.comb += reading.eq(1)
                with m.If(age[_WEIGH_CYCLES + 1]):
                    with m.If(self.exhausted | self.write_last):
                        m.d.comb += self.done.eq(1)
                        m.d.sync += flow.eq(0)
                        m.next = "IDLE"
                    with m.Else():
                        m.d.comb += walk.next_write.eq(1)

        with m.If(age[2]):
            m.d.comb += element.stage.eq(Stage.WEIGHT)
        with m.If(age[_WEIGH_CYCLES]):
            m.d.comb += element.total.eq(Total.PLUS_STAGE)
            with m.If(searching):
                m.d.comb += element.total.eq(Total.LESS_STAGE)
        return m
