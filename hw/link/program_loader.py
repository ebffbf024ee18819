"""LOAD_PROGRAM behind its address: bytes become instruction words."""

from __future__ import annotations

from amaranth.hdl import Module, Signal
from amaranth.lib import data, stream, wiring
from amaranth.lib.wiring import In, Out

from onward.hw.spec.isa import INSTRUCTION_BITS

from .layouts import PacketByte

__all__ = ["ProgramLoader"]


class ProgramLoader(wiring.Component):
    """Counts bytes into instructions, least significant byte first, and writes them to ascending addresses.

    The bytes themselves are kept by its owner, who needs such a register for arguments too.

    Who starts it has checked that the payload is a whole number of instructions, at least one, and that their addresses
    exist.

    Throughput: 17 cycles an instruction if nothing waits. ``done`` comes in the cycle of the last transfer of ``o``.

    Members
    -------
    start : In(1)
        Pulse; ``address`` is that of the first instruction.
    address : In(12)
        See ``start``.
    i : In(stream of PacketByte)
        The instructions.
    word : In(128)
        The last 16 bytes taken from ``i``, the first of them at the least significant end.
    o : Out(stream of address and word)
        To the program memory.
    done : Out(1)
        Pulse; all has been written.
    """

    def __init__(self) -> None:
        super().__init__(
            {
                "start": In(1),
                "address": In(12),
                "i": In(stream.Signature(PacketByte)),
                "word": In(INSTRUCTION_BITS),
                "o": Out(stream.Signature(data.StructLayout({"address": 12, "word": INSTRUCTION_BITS}))),
                "done": Out(1),
            }
        )

    def elaborate(self, platform: object) -> Module:
        m = Module()

        address = Signal(12)
        place = Signal(range(INSTRUCTION_BITS // 8))
        last = Signal()
        m.d.comb += [self.o.payload.word.eq(self.word), self.o.payload.address.eq(address)]

        with m.FSM():
            with m.State("IDLE"):
                m.d.sync += address.eq(self.address)
                with m.If(self.start):
                    m.next = "COLLECT"
            with m.State("COLLECT"):
                m.d.comb += self.i.ready.eq(1)
                with m.If(self.i.valid):
                    m.d.sync += [place.eq(place + 1), last.eq(self.i.payload.last)]
                    with m.If(place.all()):
                        m.next = "WRITE"
            with m.State("WRITE"):
                m.d.comb += self.o.valid.eq(1)
                with m.If(self.o.ready):
                    m.d.comb += self.done.eq(last)
                    m.d.sync += address.eq(address + 1)
                    with m.If(last):
                        m.next = "IDLE"
                    with m.Else():
                        m.next = "COLLECT"

        return m
