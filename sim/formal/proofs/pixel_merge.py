"""The merge of a sample's sparse pixels into a dense walk: every element meets its own pixel."""

from __future__ import annotations

import itertools

from amaranth.hdl import Mux, Signal

from onward.hw.core.sample_buffer import Pixel
from onward.sim.formal.bench import Bench
from onward.sim.formal.proof import Method, Proof
from onward.sim.formal.variant import Mutant

__all__ = ["PROOF"]

_MODULE = "onward.hw.core.pixel_merge"
_PIXELS = 5
_INDEX_BITS = 4


def _build(bench: Bench) -> None:
    m = bench.m
    merge = bench.load(_MODULE).PixelMerge()
    bench.add("merge", merge)
    count = bench.constant("count", range(_PIXELS + 1))
    indices = [bench.constant(f"index_{number}", _INDEX_BITS) for number in range(_PIXELS)]
    values = [bench.constant(f"value_{number}", 2) for number in range(_PIXELS)]
    for lower, upper in itertools.pairwise(indices):
        bench.assume(lower < upper)
    bench.assume(count <= _PIXELS)

    # The sample's memory: one cycle latency, and anything at all behind the last pixel.
    address = bench.past(merge.address)
    read = Signal(Pixel)
    stray = bench.free("stray", Pixel)
    m.d.comb += read.eq(stray)
    for number in range(_PIXELS):
        with m.If((address == number) & (number < count)):
            m.d.comb += [read.index.eq(indices[number]), read.value.eq(values[number])]
    m.d.comb += merge.data.eq(read)

    # The walk: indices from 0 without a gap, taken at any time at which the merge is ready; it may begin again.
    index, walking = Signal(_INDEX_BITS + 1), Signal()
    start, take = Signal(), Signal()
    may_take = bench.past(merge.ready & walking)
    m.d.comb += [
        start.eq(bench.free("start")),
        take.eq(may_take & bench.free("take") & (index < 1 << _INDEX_BITS)),
        merge.start.eq(start),
        merge.count.eq(count),
        merge.take.eq(take),
        merge.index.eq(index),
    ]
    with m.If(start):
        m.d.sync += [index.eq(0), walking.eq(1)]
    with m.Elif(take):
        m.d.sync += index.eq(index + 1)
    expected = Signal(8)
    for number in range(_PIXELS):
        with m.If((number < count) & (indices[number] == index)):
            m.d.comb += expected.eq(values[number])
    due = bench.past(Mux(take, expected, 0))
    bench.claim(merge.value == due, "an element meets another pixel, or none, or one that is not there")
    bench.claim(merge.ready | start | bench.past(start), "an element waits for nothing")


PROOF = Proof(
    name="pixel-merge",
    claim="at any pace, after any start, each index gets the pixel that the sample lists for it, or 0; the next pixel"
    " is always there in time",
    build=_build,
    method=Method("bounded", 16),
    mutants=(
        Mutant("room for one pixel less", _MODULE, "_QUEUE = 3", "_QUEUE = 2"),
        Mutant("an old pixel survives a new start", _MODULE, "arriving.eq(0),\n", "\n"),
        Mutant("a pixel is used twice", _MODULE, "Mux(matches, filled >> 1, filled)", "filled"),
        Mutant("indices may be taken one cycle too early", _MODULE, "~self.start & ~fetching", "~self.start"),
    ),
    quick=False,
)
