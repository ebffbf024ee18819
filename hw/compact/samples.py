"""Two samples: one that a program works on, and one that is being loaded."""

from __future__ import annotations

from amaranth.hdl import Cat, Module, Mux, Signal
from amaranth.lib import data, stream, wiring
from amaranth.lib.memory import Memory
from amaranth.lib.wiring import In, Out

from onward.hw.core.host_port import SampleTail
from onward.hw.core.sample_buffer import Pixel
from onward.hw.spec.config import CoreConfig

__all__ = ["CompactSamples"]


class CompactSamples(wiring.Component):
    """:class:`onward.hw.core.sample_buffer.SampleBuffer` without the sum of squares, which the core works out.

    A pixel is taken every cycle; reading has one cycle latency.

    Members
    -------
    ``begin``, ``pixel``, ``tail``, ``slot_free``, ``waiting``, ``entry``, ``advance``, ``count``, ``label``,
    ``address``, ``data``, ``reset`` : as there.
    """

    def __init__(self, config: CoreConfig) -> None:
        self._index_bits = max(1, (config.inputs - 1).bit_length())
        self._depth = config.inputs
        self._memory = Memory(shape=self._index_bits + 8, depth=2 * self._depth, init=[], attrs={"no_rw_check": 1})
        super().__init__(
            {
                "begin": In(1),
                "pixel": In(stream.Signature(Pixel)),
                "tail": In(stream.Signature(SampleTail)),
                "slot_free": Out(1),
                "waiting": Out(1),
                "entry": Out(12),
                "advance": In(1),
                "count": Out(self._index_bits + 1),
                "label": Out(8),
                "address": In(12),
                "data": Out(Pixel),
                "reset": In(1),
            }
        )

    def elaborate(self, platform: object) -> Module:
        m = Module()
        m.submodules.memory = memory = self._memory
        write, read = memory.write_port(), memory.read_port()
        bits = self._index_bits
        filling = Signal()
        # The sample that waits, and the one at work: a tail overwrites the former only.
        layout = data.StructLayout({"count": bits + 1, "tail": SampleTail})
        next_sample, current = Signal(layout), Signal(data.StructLayout({"count": bits + 1, "label": 8}))
        filled = Signal(bits + 1)
        m.d.comb += [
            self.pixel.ready.eq(1),
            self.tail.ready.eq(1),
            write.en.eq(self.pixel.valid),
            write.addr.eq(filled + Mux(filling, self._depth, 0)),
            write.data.eq(Cat(self.pixel.payload.value, self.pixel.payload.index[:bits])),
            read.addr.eq(self.address[:bits] + Mux(filling, 0, self._depth)),
            self.data.value.eq(read.data[:8]),
            self.data.index.eq(read.data[8:]),
            self.slot_free.eq(~self.waiting),
            self.entry.eq(next_sample.tail.entry),
            self.count.eq(current.count),
            self.label.eq(current.label),
        ]
        with m.If(self.begin):
            m.d.sync += filled.eq(0)
        with m.Elif(self.pixel.valid):
            m.d.sync += filled.eq(filled + 1)
        with m.If(self.tail.valid):
            m.d.sync += [next_sample.count.eq(filled), next_sample.tail.eq(self.tail.payload), self.waiting.eq(1)]
        with m.If(self.advance):
            m.d.sync += [
                self.waiting.eq(0),
                filling.eq(~filling),
                current.count.eq(next_sample.count),
                current.label.eq(next_sample.tail.label),
            ]
        with m.If(self.reset):
            m.d.sync += [self.waiting.eq(0), current.eq(0)]
        return m
