"""What IDENTIFY and COUNTERS answer."""

from __future__ import annotations

import struct
from functools import reduce
from operator import or_

from amaranth.hdl import Array, Module, Mux, Signal
from amaranth.lib import data, stream, wiring
from amaranth.lib.wiring import In, Out

from onward.hw.core.register_slice import RegisterSlice
from onward.hw.spec.config import CoreConfig
from onward.hw.spec.protocol import COUNTERS, VERSION

from .layouts import PacketByte

__all__ = ["REPORT_MEMBERS", "ReportSource", "identity"]

REPORT_MEMBERS = {
    "start": In(1),
    "count": In(1),
    "following": In(8),
    "o": Out(stream.Signature(PacketByte)),
}
"""What all that answer IDENTIFY and COUNTERS have in common.

``start`` : pulse; begins a report. ``count`` : send the counters; held until the end of the report. ``following`` :
number of the next ordered command, for the identity. ``o`` : the report; ``last`` marks its end.
"""

_COUNTER_BITS = 48
_COUNTER_BYTES = 8


def identity(config: CoreConfig) -> bytes:
    """The answer to IDENTIFY, but for the number at its end."""
    return struct.pack(
        "<B8sHIHHH",
        VERSION,
        bytes.fromhex(config.digest),
        config.lanes,
        config.rows,
        config.vectors,
        config.program,
        config.inputs,
    )


class ReportSource(wiring.Component):
    """Sends the identity of the configuration, or the counters.

    Each counter is caught whole in the cycle before its first byte, one counter after the other: while a program runs,
    a later one may be some cycles ahead of an earlier one.

    Throughput: one byte every second cycle. The first byte comes two cycles after ``start``, or three for counters.

    Parameters
    ----------
    config : CoreConfig
        What to identify.

    Members
    -------
    start, count, following, o
        See :data:`REPORT_MEMBERS`.
    counters : In(array of counters)
        In the order of ``protocol.COUNTERS``.
    """

    def __init__(self, config: CoreConfig) -> None:
        self._identity = identity(config)
        counters = data.ArrayLayout(_COUNTER_BITS, len(COUNTERS))
        super().__init__(REPORT_MEMBERS | {"counters": In(counters)})

    def elaborate(self, platform: object) -> Module:
        m = Module()

        # The counters and the way to shift them out meet in one AND-OR whose choices come from a register, one bit
        # for each: a choice by number takes twice the logic.
        caught = Signal(_COUNTER_BITS, reset_less=True)
        sources = [*self.counters, caught[8:]]
        chosen = Signal(len(sources), reset_less=True)
        coming = Signal(len(COUNTERS), init=1, reset_less=True)  # the counter to catch next
        shift = 1 << len(COUNTERS)
        # Who takes a byte is a long way from the counters: they are shifted in the cycle after.
        shifting = Signal()
        m.d.sync += shifting.eq(0)
        with m.If(shifting | ~chosen[-1]):
            m.d.sync += caught.eq(
                reduce(or_, (value & chosen[n].replicate(_COUNTER_BITS) for n, value in enumerate(sources)))
            )

        m.submodules.slice = out = RegisterSlice(PacketByte)
        wiring.connect(m, out.o, wiring.flipped(self.o))
        answer = [*self._identity, self.following]
        place = Signal(range(max(len(answer), _COUNTER_BYTES)))
        # Every byte is there for two cycles, so that a register can tell whether it is the last one.
        at_end = Signal()
        m.d.sync += at_end.eq(place == Mux(self.count, _COUNTER_BYTES - 1, len(answer) - 1))
        m.d.comb += [
            out.i.payload.byte.eq(Mux(self.count, caught[:8], Array(answer)[place])),
            out.i.payload.last.eq(at_end & (coming[0] | ~self.count)),
        ]

        with m.FSM():
            with m.State("IDLE"):
                # A reset, which comes late, only has to lead here.
                m.d.sync += [coming.eq(1), chosen.eq(coming)]
                with m.If(self.start):
                    m.next = "SEND"
                    with m.If(self.count):
                        m.next = "CATCH"
            with m.State("CATCH"):
                m.d.sync += [chosen.eq(shift), coming.eq(coming.rotate_left(1))]
                m.next = "SEND"
            with m.State("SEND"):
                m.d.comb += out.i.valid.eq(1)
                with m.If(out.i.ready):
                    m.d.sync += place.eq(place + 1)
                    with m.If(at_end):
                        m.d.sync += [place.eq(0), chosen.eq(coming)]
                        m.next = "CATCH"
                        with m.If(out.i.payload.last):
                            m.next = "IDLE"
                    with m.Else():
                        m.d.sync += shifting.eq(self.count)
                        m.next = "SHIFT"
            with m.State("SHIFT"):
                m.next = "SEND"

        return m
