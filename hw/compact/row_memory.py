"""Weight rows and program in the four single-port memories of the UP5K."""

from __future__ import annotations

from amaranth.hdl import Assert, Cat, ClockSignal, Const, Instance, Module, Signal
from amaranth.lib import wiring
from amaranth.lib.memory import Memory
from amaranth.lib.wiring import In, Out

from onward.hw.spec.config import CoreConfig

from .layout import memory_words
from .mac import is_ice40

__all__ = ["RowMemory"]

_BLOCK_WORDS = 1 << 14
_BLOCKS = 4


class RowMemory(wiring.Component):
    """Words of ``lanes`` x 16 bits behind one port: weight rows first, then the program.

    Latency of a read: one cycle; the data stay until the next access. On the UP5K each lane has an SPRAM of its own.

    Parameters
    ----------
    config : the core.

    Members
    -------
    ``address`` : of the access. ``read`` : read it. ``write`` : write these lanes; never both in a cycle.
    ``write_data`` : a lane each. ``read_data`` : a lane each.

    Raises
    ------
    ValueError
        On elaboration for the UP5K, if the words do not fit its memories.
    """

    def __init__(self, config: CoreConfig) -> None:
        self.config = config
        self.words = memory_words(config)
        super().__init__(
            {
                "address": In(range(self.words)),
                "read": In(1),
                "read_data": Out(16).array(config.lanes),
                "write": In(config.lanes),
                "write_data": In(16).array(config.lanes),
            }
        )

    def elaborate(self, platform: object) -> Module:
        m = Module()
        lanes = self.config.lanes
        if is_ice40(platform):
            if lanes > _BLOCKS or self.words > _BLOCK_WORDS:
                raise ValueError(
                    f"the UP5K has {_BLOCKS} memories of {_BLOCK_WORDS} words: no place for {self.words} words of"
                    f" {lanes} lanes"
                )
            for lane in range(lanes):
                m.submodules[f"lane_{lane}"] = Instance(
                    "SB_SPRAM256KA",
                    i_ADDRESS=Cat(self.address, Const(0, 14 - len(self.address))),
                    i_DATAIN=self.write_data[lane],
                    i_MASKWREN=Const(0xF, 4),
                    i_WREN=self.write[lane],
                    i_CHIPSELECT=self.read | self.write[lane],
                    i_CLOCK=ClockSignal(),
                    i_STANDBY=Const(0),
                    i_SLEEP=Const(0),
                    i_POWEROFF=Const(1),
                    o_DATAOUT=self.read_data[lane],
                )
            return m
        memory = Memory(shape=16 * lanes, depth=self.words, init=[], attrs={"no_rw_check": 1})
        m.submodules.memory = memory
        write, read = memory.write_port(granularity=16), memory.read_port()
        m.d.comb += [
            read.addr.eq(self.address),
            read.en.eq(self.read),
            write.addr.eq(self.address),
            write.en.eq(self.write),
            write.data.eq(Cat(self.write_data)),
        ]
        for lane in range(lanes):
            m.d.comb += self.read_data[lane].eq(read.data[16 * lane : 16 * lane + 16])
        if platform is None:
            both = Signal()
            m.d.comb += both.eq(self.read & self.write.any())
            m.d.sync += Assert(~both, "the single port of the weights reads and writes in one cycle")
        return m
