"""One sender for two sources of replies."""

from __future__ import annotations

from amaranth.hdl import Module, Signal
from amaranth.lib import stream, wiring
from amaranth.lib.wiring import In, Out

from .layouts import PacketByte

__all__ = ["ReplyArbiter"]


class ReplyArbiter(wiring.Component):
    """Passes on whole replies: the bytes of two of them never mix.

    If both wait, ``first`` goes first: it frees the core. ``o`` comes from a register, since results and rows arrive
    late in the cycle, out of block RAM, and the sender has much to decide by a byte.

    Latency: one cycle to choose and one through the register. Throughput: one byte a cycle, and one cycle between two
    replies.

    Members
    -------
    first, second : In(stream of PacketByte)
        Replies.
    o : Out(stream of PacketByte)
        Replies.
    """

    def __init__(self) -> None:
        packet = stream.Signature(PacketByte)
        super().__init__({"first": In(packet), "second": In(packet), "o": Out(packet)})

    def elaborate(self, platform: object) -> Module:
        m = Module()
        free = Signal()
        m.d.comb += free.eq(self.o.ready | ~self.o.valid)
        with m.If(free):
            m.d.sync += self.o.valid.eq(0)
        with m.FSM():
            with m.State("CHOOSE"):
                with m.If(self.first.valid):
                    m.next = "FIRST"
                with m.Elif(self.second.valid):
                    m.next = "SECOND"
            for state, source in (("FIRST", self.first), ("SECOND", self.second)):
                with m.State(state):
                    m.d.comb += source.ready.eq(free)
                    with m.If(free):
                        m.d.sync += [self.o.payload.eq(source.payload), self.o.valid.eq(source.valid)]
                        with m.If(source.valid & source.payload.last):
                            m.next = "CHOOSE"
        return m
