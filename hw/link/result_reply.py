"""Replies to SAMPLE and RUN: sent when the program has ended, with its results."""

from __future__ import annotations

from amaranth.hdl import Module, Mux, Signal
from amaranth.lib import data, stream, wiring
from amaranth.lib.wiring import In, Out

from onward.hw.core.host_port import RESULT_BITS
from onward.hw.spec.protocol import REPLY, Command, Status

from .layouts import PacketByte

__all__ = ["Outstanding", "ResultReply"]

Outstanding = data.StructLayout({"run": 1, "sequence": 8})
"""A command whose program has not ended: RUN or SAMPLE, and its sequence number."""


class ResultReply(wiring.Component):
    """Remembers up to two commands, and answers the older one when the core is done with it.

    Throughput: 3 cycles for the head of a reply, 5 for each result word. The core's ``done`` is accepted with the last
    byte, so the results hold still until they have left.

    Members
    -------
    i : In(stream of Outstanding)
        Commands given to the core, in order.
    done : In(stream of RESULT_BITS + 1 bits)
        Ends of programs, with the number of results.
    address : Out(RESULT_BITS), data : In(32)
        Read port of the results, one cycle latency.
    o : Out(stream of PacketByte)
        Replies.
    """

    def __init__(self) -> None:
        super().__init__(
            {
                "i": In(stream.Signature(Outstanding)),
                "done": In(stream.Signature(RESULT_BITS + 1)),
                "address": Out(RESULT_BITS),
                "data": In(32),
                "o": Out(stream.Signature(PacketByte)),
            }
        )

    def elaborate(self, platform: object) -> Module:
        m = Module()

        older = Signal(Outstanding)
        younger = Signal(Outstanding)
        held = Signal(range(3))
        accepted = Signal()
        answered = Signal()
        m.d.comb += [
            self.i.ready.eq(held != 2),
            accepted.eq(self.i.valid & self.i.ready),
            answered.eq(self.done.valid & self.done.ready),
        ]
        m.d.sync += held.eq(held + accepted - answered)
        with m.If(answered):
            m.d.sync += older.eq(younger)
        with m.If(accepted):
            m.d.sync += younger.eq(self.i.payload)
            with m.If(held == answered):
                m.d.sync += older.eq(self.i.payload)

        word = Signal(RESULT_BITS)
        part = Signal(2)
        byte, last = self.o.payload.byte, self.o.payload.last
        m.d.comb += [self.address.eq(word), self.done.ready.eq(self.o.valid & self.o.ready & last)]

        with m.FSM():
            with m.State("COMMAND"):
                m.d.sync += word.eq(0)
                m.d.comb += [
                    byte.eq(Mux(older.run, REPLY | Command.RUN, REPLY | Command.SAMPLE)),
                    self.o.valid.eq(self.done.valid & (held != 0)),
                ]
                with m.If(self.o.valid & self.o.ready):
                    m.next = "SEQUENCE"
            with m.State("SEQUENCE"):
                m.d.comb += [byte.eq(older.sequence), self.o.valid.eq(1)]
                with m.If(self.o.ready):
                    m.next = "STATUS"
            with m.State("STATUS"):
                m.d.comb += [byte.eq(Status.OK), last.eq(self.done.payload == 0), self.o.valid.eq(1)]
                with m.If(self.o.ready):
                    m.next = "RESULT"
                    with m.If(last):
                        m.next = "COMMAND"
            with m.State("RESULT"):
                m.d.comb += [
                    byte.eq(self.data.word_select(part, 8)),
                    last.eq(part.all() & (word + 1 == self.done.payload)),
                    self.o.valid.eq(1),
                ]
                with m.If(self.o.ready):
                    m.d.sync += part.eq(part + 1)
                    with m.If(part.all()):
                        m.d.sync += word.eq(word + 1)
                        m.next = "FETCH"
                    with m.If(last):
                        m.next = "COMMAND"
            with m.State("FETCH"):
                m.next = "RESULT"

        return m
