"""Program memory and instruction fetch."""

from __future__ import annotations

from amaranth.hdl import Module, Signal
from amaranth.lib import data, stream, wiring
from amaranth.lib.memory import Memory
from amaranth.lib.wiring import In, Out

from onward.hw.spec.config import CoreConfig
from onward.hw.spec.isa import INSTRUCTION_BITS

from .instruction_kinds import InstructionKinds, Word, program_kinds

__all__ = ["Fetch"]


class Fetch(wiring.Component):
    """Delivers instructions in order: one a cycle, 3 cycles after a jump. They are classified on their way.

    Parameters
    ----------
    config : the core.

    Members
    -------
    ``jump``, ``target`` : continue at ``target``; what was fetched before is dropped. ``stop`` : deliver no more.
    ``o`` : stream of instruction words; ``kinds`` : what the one at ``o`` is.
    ``take`` : in the next cycle ``o`` shows another one, if any; ``coming`` : that one.
    ``write``, ``write_address``, ``write_word`` : load the memory.
    """

    def __init__(self, config: CoreConfig) -> None:
        self._memory = Memory(shape=INSTRUCTION_BITS, depth=config.program, init=[])
        addresses = range(config.program)
        super().__init__(
            {
                "jump": In(1),
                "target": In(addresses),
                "stop": In(1),
                "o": Out(stream.Signature(INSTRUCTION_BITS)),
                "kinds": Out(InstructionKinds),
                "take": Out(1),
                "coming": Out(INSTRUCTION_BITS),
                "write": In(1),
                "write_address": In(addresses),
                "write_word": In(INSTRUCTION_BITS),
            }
        )

    def elaborate(self, platform: object) -> Module:
        m = Module()
        m.submodules.memory = memory = self._memory
        write, read = memory.write_port(), memory.read_port()
        running, arrived, kept = Signal(), Signal(), Signal()
        word = Signal(INSTRUCTION_BITS)
        counter = Signal.like(self.target)
        shift = Signal()
        kinds = Signal(InstructionKinds)
        program_kinds(m, data.View(Word, word), kinds)
        m.d.comb += [
            write.en.eq(self.write),
            write.addr.eq(self.write_address),
            write.data.eq(self.write_word),
            self.take.eq(~self.o.valid | self.o.ready),
            self.coming.eq(word),
            shift.eq(~kept | self.take),
            read.addr.eq(counter),
            read.en.eq(running & (~arrived | shift)),
        ]
        with m.If(read.en):
            m.d.sync += [arrived.eq(1), counter.eq(counter + 1)]
        with m.If(shift):
            m.d.sync += [kept.eq(arrived), word.eq(read.data)]
        with m.If(self.take):
            m.d.sync += [self.o.valid.eq(kept), self.o.payload.eq(word), self.kinds.eq(kinds)]
        with m.If(self.jump | self.stop):
            m.d.sync += [running.eq(~self.stop), arrived.eq(0), kept.eq(0), self.o.valid.eq(0)]
        with m.If(self.jump):
            m.d.sync += counter.eq(self.target)
        return m
