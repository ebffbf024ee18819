"""Finds the pixel that belongs to each element of a generated image, in a sample that lists its nonzero pixels only."""

from amaranth.hdl import Assert, Cat, Module, Mux, Signal
from amaranth.lib import wiring
from amaranth.lib.wiring import In, Out

from .sample_buffer import Pixel

__all__ = ["PixelMerge"]

_QUEUE = 3
"""A pixel is read, arrives and is at the head of the queue in three cycles: as many are under way at one a cycle."""


class PixelMerge(wiring.Component):
    """Walks the pixels of the current sample, in ascending order, beside indices that ascend from 0 without a gap.

    Pixels are read ahead into a small queue, so that the memory's output goes to registers only, and one of them can
    be matched every cycle. The first index may be taken three cycles after ``start``, then one a cycle, at any time;
    its pixel is there in the cycle after.

    Members
    -------
    ``start`` : begin with the first pixel; an index may still be taken for the last time in this cycle.
    ``count`` : pixels of the sample, when ``start`` is high.
    ``address``, ``data`` : read port of the sample, one cycle latency.
    ``ready`` : an index may be taken in the next cycle.
    ``take``, ``index`` : the next index. ``value`` : its pixel one cycle later, 0 if the list has none; 0 after a cycle
    without ``take``.
    """

    start: In(1)
    count: In(13)
    address: Out(12)
    data: In(Pixel)
    ready: Out(1)
    take: In(1)
    index: In(12)
    value: Out(8)

    def elaborate(self, platform: object) -> Module:
        m = Module()
        # Reads: one a cycle, as long as the queue has room for all pixels on their way.
        remaining = Signal(13)
        reading, arriving, matches = Signal(), Signal(), Signal()
        reserved = Signal(range(_QUEUE + 1))
        m.d.comb += reading.eq((remaining != 0) & (reserved != _QUEUE))
        m.d.sync += [arriving.eq(reading), reserved.eq(reserved + reading - matches)]
        with m.If(reading):
            m.d.sync += [self.address.eq(self.address + 1), remaining.eq(remaining - 1)]

        # The queue: every free place takes what arrives, and the first of them counts.
        queue = [Signal(Pixel, name=f"pixel_{place}") for place in range(_QUEUE)]
        filled, kept = Signal(_QUEUE), Signal(_QUEUE)
        m.d.comb += [
            matches.eq(self.take & filled[0] & (queue[0].index == self.index)),
            kept.eq(Mux(matches, filled >> 1, filled)),
        ]
        m.d.sync += [
            filled.eq(Mux(arriving, Cat(1, kept), kept)),
            self.value.eq(Mux(matches, queue[0].value, 0)),
        ]
        for place, pixel in enumerate(queue):
            with m.If(~kept[place]):
                m.d.sync += pixel.eq(self.data)
            if place + 1 < _QUEUE:
                with m.Elif(matches):
                    m.d.sync += pixel.eq(queue[place + 1])

        # The first pixel arrives two cycles after the start; from then on the queue is never behind.
        fetching = Signal()
        m.d.sync += fetching.eq(self.start)
        m.d.comb += self.ready.eq(~self.start & ~fetching)
        with m.If(self.start):
            m.d.sync += [
                self.address.eq(0),
                remaining.eq(self.count),
                arriving.eq(0),
                reserved.eq(0),
                filled.eq(0),
            ]
        if platform is None:
            behind = self.take & ~filled[0] & ((remaining != 0) | arriving)
            m.d.sync += Assert(~behind, "an index is taken before the next pixel is known")
        return m
