"""LOAD_PROGRAM behind its address: bytes become instruction words."""

from __future__ import annotations

from amaranth.hdl import Module, Signal
from amaranth.lib import data, stream, wiring
from amaranth.lib.wiring import In, Out

from onward.hw.spec.isa import INSTRUCTION_BITS

from .layouts import PacketByte

__all__ = ["ProgramLoader"]


class ProgramLoader(wiring.Component):
    """Counts bytes into words, least significant byte first, and writes instructions to ascending addresses.

    The bytes themselves are kept by its owner, who needs such a register for arguments too.

    Who starts it has checked that the payload is a whole number of instructions, at least one, and that their addresses
    exist.

    Throughput, if nothing waits: a cycle a byte, and one a word. ``done`` comes in the cycle of the last transfer of
    ``o``.

    Parameters
    ----------
    word_bits : int
        Bits of a word: of an instruction, or of an equal part of it.

    Members
    -------
    start : In(1)
        Pulse; ``address`` is that of the first instruction.
    address : In(12)
        See ``start``.
    i : In(stream of PacketByte)
        The instructions.
    word : In(word_bits)
        The last bytes taken from ``i``, the first of them at the least significant end.
    o : Out(stream of address and word)
        To the program memory; the parts of an instruction have the same address.
    done : Out(1)
        Pulse; all has been written.
    """

    def __init__(self, word_bits: int = INSTRUCTION_BITS) -> None:
        self._word_bits = word_bits
        super().__init__(
            {
                "start": In(1),
                "address": In(12),
                "i": In(stream.Signature(PacketByte)),
                "word": In(word_bits),
                "o": Out(stream.Signature(data.StructLayout({"address": 12, "word": word_bits}))),
                "done": Out(1),
            }
        )

    def elaborate(self, platform: object) -> Module:
        m = Module()

        address = Signal(12)
        place = Signal(range(INSTRUCTION_BITS // 8))
        last = Signal()
        place_bits = (self._word_bits // 8).bit_length() - 1
        ended = 1 if self._word_bits == INSTRUCTION_BITS else place == 0  # an instruction, not only a word
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
                    with m.If(place[:place_bits].all()):
                        m.next = "WRITE"
            with m.State("WRITE"):
                m.d.comb += self.o.valid.eq(1)
                with m.If(self.o.ready):
                    m.d.comb += self.done.eq(last)
                    m.d.sync += address.eq(address + ended)
                    with m.If(last):
                        m.next = "IDLE"
                    with m.Else():
                        m.next = "COLLECT"

        return m
