"""Two samples: one that a program works on, and one that is being loaded."""

from __future__ import annotations

from amaranth.hdl import Cat, Module, Signal
from amaranth.lib import data, stream, wiring
from amaranth.lib.memory import Memory
from amaranth.lib.wiring import In, Out

from onward.hw.spec.config import CoreConfig

from .host_port import SampleTail

__all__ = ["Pixel", "SampleBuffer"]

Pixel = data.StructLayout({"index": 12, "value": 8})
"""A nonzero pixel and its place."""


class SampleBuffer(wiring.Component):
    """Sparse samples in two slots, so that loading one overlaps computing with the other.

    A pixel is taken every cycle; reading has one cycle latency.

    Parameters
    ----------
    config : the core.

    Members
    -------
    ``begin`` : empty the slot that is being filled. ``pixel`` : stream of its nonzero pixels.
    ``tail`` : stream that completes it. ``slot_free`` : a slot may be filled.
    ``waiting`` : a completed sample is there; ``entry`` : its program. ``advance`` : make it current, which frees
    the slot of the one before.
    ``count``, ``norm``, ``label`` : pixels, sum of squared pixels, and label of the current sample.
    ``address``, ``data`` : read port on the current sample.
    ``reset`` : forget all samples; the current one becomes an empty one with label 0.
    """

    def __init__(self, config: CoreConfig) -> None:
        # No wider than the indices need: 18 bits, two block RAMs, for images of up to 1,024 pixels.
        self._index_bits = max(1, (config.inputs - 1).bit_length())
        self._memory = Memory(shape=self._index_bits + 8, depth=2 << self._index_bits, init=[])
        super().__init__(
            {
                "begin": In(1),
                "pixel": In(stream.Signature(Pixel)),
                "tail": In(stream.Signature(SampleTail)),
                "slot_free": Out(1),
                "waiting": Out(1),
                "entry": Out(12),
                "advance": In(1),
                "count": Out(13),
                "norm": Out(32),
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
        filling, current = Signal(), Signal(init=1)
        index_bits = self._index_bits
        # What is empty at power-up needs no wire of the reset.
        count, norm = Signal(13, reset_less=True), Signal(32, reset_less=True)
        layout = data.StructLayout({"count": 13, "norm": 32, "tail": SampleTail})
        slots = [Signal(layout, name=f"slot_{slot}", reset_less=True) for slot in range(2)]
        m.d.comb += [
            self.pixel.ready.eq(1),
            self.tail.ready.eq(1),
            write.en.eq(self.pixel.valid),
            write.addr.eq(Cat(count[:index_bits], filling)),
            write.data.eq(Cat(self.pixel.payload.value, self.pixel.payload.index[:index_bits])),
            read.addr.eq(Cat(self.address[:index_bits], current)),
            self.data.value.eq(read.data[:8]),
            self.data.index.eq(read.data[8:]),
            self.slot_free.eq(~self.waiting),
        ]
        # The square is added one cycle later: one multiplication and one addition do not share a cycle.
        square = Signal(16)
        m.d.sync += square.eq(self.pixel.payload.value * self.pixel.payload.value)
        add = Signal()
        m.d.sync += add.eq(self.pixel.valid)
        with m.If(add):
            m.d.sync += norm.eq(norm + square)
        with m.If(self.pixel.valid):
            m.d.sync += count.eq(count + 1)
        with m.If(self.begin):
            m.d.sync += [count.eq(0), norm.eq(0)]

        complete = Signal()
        m.d.comb += complete.eq(self.tail.valid)
        for slot in range(2):
            with m.If(complete & (filling == slot)):
                m.d.sync += [slots[slot].count.eq(count), slots[slot].tail.eq(self.tail.payload)]
            with m.If(add & (filling == slot)):
                m.d.sync += slots[slot].norm.eq(norm + square)
            with m.If(self.begin & (filling == slot)):
                m.d.sync += slots[slot].norm.eq(0)
            with m.If(current == slot):
                m.d.comb += [
                    self.count.eq(slots[slot].count),
                    self.norm.eq(slots[slot].norm),
                    self.label.eq(slots[slot].tail.label),
                ]
            with m.If(filling == slot):
                m.d.comb += self.entry.eq(slots[slot].tail.entry)
        with m.If(complete):
            m.d.sync += self.waiting.eq(1)
        with m.If(self.advance):
            m.d.sync += [self.waiting.eq(0), current.eq(filling), filling.eq(~filling)]
        with m.If(self.reset):
            m.d.sync += [self.waiting.eq(0), *(slot.eq(0) for slot in slots)]
        return m
