"""The weight memory of one cluster: one row of weights a cycle."""

from __future__ import annotations

from amaranth.hdl import Assert, Module
from amaranth.lib import wiring
from amaranth.lib.memory import Memory
from amaranth.lib.wiring import In, Out

from onward.hw.spec.config import CoreConfig

__all__ = ["WeightMemory"]


class WeightMemory(wiring.Component):
    """Rows of ``lanes`` weights; latency 1 cycle, throughput one read and one write a cycle (``bram``).

    The same row is never read and written in one cycle: what the read returned would differ between silicon and
    simulators. The broadcast unit's spacing rules guarantee it, and an assertion watches in every simulation. The
    ``spram`` form has a single port in silicon: there no cycle may hold a read and a write at all.

    Parameters
    ----------
    config : the core.
    lanes : lanes of this cluster.

    Members
    -------
    ``read``, ``read_row``, ``read_data`` : data arrive one cycle later, and hold while ``read`` is low.
    ``write``, ``write_row``, ``write_data``.
    """

    def __init__(self, config: CoreConfig, lanes: int) -> None:
        width = lanes * config.weight_bits
        self._single_port = config.memory == "spram"
        self._memory = Memory(shape=width, depth=config.rows, init=[], attrs={"no_rw_check": 1})
        super().__init__(
            {
                "read": In(1),
                "read_row": In(range(config.rows)),
                "read_data": Out(width),
                "write": In(1),
                "write_row": In(range(config.rows)),
                "write_data": In(width),
            }
        )

    def elaborate(self, platform: object) -> Module:
        m = Module()
        m.submodules.memory = memory = self._memory
        read, write = memory.read_port(), memory.write_port()
        m.d.comb += [
            read.en.eq(self.read),
            read.addr.eq(self.read_row),
            self.read_data.eq(read.data),
            write.en.eq(self.write),
            write.addr.eq(self.write_row),
            write.data.eq(self.write_data),
        ]
        if platform is None:
            conflict = self.read & self.write
            if not self._single_port:
                conflict = conflict & (self.read_row == self.write_row)
            m.d.sync += Assert(~conflict, "a weight row is read and written in one cycle")
        return m
