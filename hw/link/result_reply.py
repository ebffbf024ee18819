"""Replies to SAMPLE and RUN: sent when the program has ended, with its results; and once more if the host asks."""

from __future__ import annotations

from amaranth.hdl import Array, Module, Mux, Signal
from amaranth.lib import data, stream, wiring
from amaranth.lib.wiring import In, Out

from onward.hw.core.host_port import RESULT_BITS, RunEnd
from onward.hw.spec.protocol import REPLY, Command, Status

from .layouts import PacketByte

__all__ = ["Outstanding", "ResultReply"]

Outstanding = data.StructLayout({"run": 1, "sequence": 8})
"""A RUN or SAMPLE, and its sequence number."""


class ResultReply(wiring.Component):
    """Remembers up to two commands, and answers the older one when the core is done with it.

    Results are kept: those of even sequence numbers in one half of the result memory, those of odd ones in the other.
    A host sends a command only when it has the reply to the one before the last, so that one's results are no longer
    needed. Until then its reply can be had again.

    Throughput: 4 cycles for the head of a reply, 5 for each result word. The core's ``done`` is accepted with the last
    byte, and so is ``again``.

    Members
    -------
    i : In(stream of Outstanding)
        Commands given to the core, in order.
    again : In(stream of Outstanding)
        A command that has been answered, to be answered once more; it must stay until it is accepted.
    pending : Out(1)
        The command at ``again``, one of the last two, has no results yet; then ``again`` must not be valid.
    done : In(stream of RunEnd)
        Ends of programs.
    bank : Out(1)
        The half of the result memory for the program that runs.
    address : Out(word and bank), data : In(32)
        Read port of the results, one cycle latency.
    o : Out(stream of PacketByte)
        Replies.
    """

    def __init__(self) -> None:
        super().__init__(
            {
                "i": In(stream.Signature(Outstanding)),
                "again": In(stream.Signature(Outstanding)),
                "pending": Out(1),
                "done": In(stream.Signature(RunEnd)),
                "bank": Out(1),
                "address": Out(data.StructLayout({"word": RESULT_BITS, "bank": 1})),
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
            self.bank.eq(older.sequence[0]),
            self.pending.eq((held == 2) | ((held == 1) & (self.again.payload.sequence[0] == self.bank))),
        ]
        m.d.sync += held.eq(held + accepted - answered)
        with m.If(answered):
            m.d.sync += older.eq(younger)
        with m.If(accepted):
            m.d.sync += younger.eq(self.i.payload)
            with m.If(held == answered):
                m.d.sync += older.eq(self.i.payload)

        repeating = Signal()
        subject = Signal(Outstanding)  # what is being answered
        kept = Array(Signal(RunEnd, name=f"kept_{bank}") for bank in range(2))
        end = Signal(RunEnd)
        word = Signal(RESULT_BITS)
        part = Signal(2)
        byte, last = self.o.payload.byte, self.o.payload.last
        finished = Signal()
        last_word = Signal()
        # Both are there when they are looked at: the command and its number go first, and a word takes four bytes.
        m.d.sync += [end.eq(kept[subject.sequence[0]]), last_word.eq(word + 1 == end.count)]
        m.d.comb += [
            subject.eq(Mux(repeating, self.again.payload, older)),
            self.address.word.eq(word),
            self.address.bank.eq(subject.sequence[0]),
            finished.eq(self.o.valid & self.o.ready & last),
            self.done.ready.eq(finished & ~repeating),
            self.again.ready.eq(finished & repeating),
        ]

        with m.FSM():
            with m.State("CHOOSE"):
                m.d.sync += [word.eq(0), repeating.eq(0)]
                with m.If(self.done.valid & (held != 0)):
                    m.d.sync += kept[self.bank].eq(self.done.payload)
                    m.next = "COMMAND"
                with m.Elif(self.again.valid):
                    m.d.sync += repeating.eq(1)
                    m.next = "COMMAND"
            with m.State("COMMAND"):
                m.d.comb += [
                    byte.eq(Mux(subject.run, REPLY | Command.RUN, REPLY | Command.SAMPLE)),
                    self.o.valid.eq(1),
                ]
                with m.If(self.o.ready):
                    m.next = "SEQUENCE"
            with m.State("SEQUENCE"):
                m.d.comb += [byte.eq(subject.sequence), self.o.valid.eq(1)]
                with m.If(self.o.ready):
                    m.next = "STATUS"
            with m.State("STATUS"):
                m.d.comb += [
                    byte.eq(Mux(end.overrun, Status.OVERRUN, Status.OK)),
                    last.eq(end.overrun | (end.count == 0)),
                    self.o.valid.eq(1),
                ]
                with m.If(self.o.ready):
                    m.next = "RESULT"
                    with m.If(last):
                        m.next = "CHOOSE"
            with m.State("RESULT"):
                m.d.comb += [
                    byte.eq(self.data.word_select(part, 8)),
                    last.eq(part.all() & last_word),
                    self.o.valid.eq(1),
                ]
                with m.If(self.o.ready):
                    m.d.sync += part.eq(part + 1)
                    with m.If(part.all()):
                        m.d.sync += word.eq(word + 1)
                        m.next = "FETCH"
                    with m.If(last):
                        m.next = "CHOOSE"
            with m.State("FETCH"):
                m.next = "RESULT"

        return m
