"""What IDENTIFY and COUNTERS answer on a compact core."""

from __future__ import annotations

from amaranth.hdl import Array, Module, Mux, Signal
from amaranth.lib import wiring
from amaranth.lib.wiring import In, Out

from onward.hw.core.host_port import RING_BYTES
from onward.hw.spec.config import CoreConfig
from onward.hw.spec.protocol import COUNTERS

from .report_source import REPORT_MEMBERS, identity

__all__ = ["RingReport"]

_COUNTER_BYTES = 8


class RingReport(wiring.Component):
    """Does what :class:`.report_source.ReportSource` does, with counters that come as a ring of bytes.

    Only while the core is not busy: a counter that moves on cannot count.

    Throughput: one byte a cycle. The first comes in the cycle after ``start``.

    Parameters
    ----------
    config : CoreConfig
        What to identify.

    Members
    -------
    start, count, following, o
        See :data:`.report_source.REPORT_MEMBERS`.
    ring_byte : In(8), ring_next : Out(1)
        The counters, see :class:`onward.hw.core.host_port.HostPort`; a report is one round.
    """

    def __init__(self, config: CoreConfig) -> None:
        self._identity = identity(config)
        super().__init__(REPORT_MEMBERS | {"ring_byte": In(8), "ring_next": Out(1)})

    def elaborate(self, platform: object) -> Module:
        m = Module()
        answer = [*self._identity, self.following]
        place = Signal(range(max(len(answer), _COUNTER_BYTES)))
        counter = Signal(range(len(COUNTERS)))
        in_ring, ends = Signal(), Signal()
        last_place = Mux(self.count, _COUNTER_BYTES - 1, len(answer) - 1)
        m.d.comb += [
            in_ring.eq(place < Array(RING_BYTES[name] for name in COUNTERS)[counter]),
            self.ring_next.eq(self.o.valid & self.o.ready & self.count & in_ring),
            ends.eq(place == last_place),
            self.o.payload.byte.eq(Mux(self.count, Mux(in_ring, self.ring_byte, 0), Array(answer)[place])),
            self.o.payload.last.eq(ends & ((counter == len(COUNTERS) - 1) | ~self.count)),
        ]
        with m.If(self.start):
            m.d.sync += self.o.valid.eq(1)
        with m.If(self.o.valid & self.o.ready):
            m.d.sync += place.eq(place + 1)
            with m.If(ends):
                m.d.sync += [place.eq(0), counter.eq(counter + 1)]
            with m.If(self.o.payload.last):
                m.d.sync += [counter.eq(0), self.o.valid.eq(0)]
        return m
