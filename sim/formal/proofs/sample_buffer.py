"""The two sample slots: what is loaded is what is read, whatever is loaded meanwhile."""

from __future__ import annotations

from types import SimpleNamespace

from amaranth.hdl import Cat, Signal
from amaranth.lib import data

from onward.sim.formal.bench import Bench
from onward.sim.formal.proof import Method, Proof
from onward.sim.formal.variant import Mutant

__all__ = ["PROOF"]

_MODULE = "onward.hw.core.sample_buffer"
_INPUTS = 4

_Sample = data.StructLayout({"value": 8, "index": 2, "count": 3, "entry": 12, "label": 8})
"""What is remembered of a sample: one pixel, any one, and everything that there is once."""


def _build(bench: Bench) -> None:
    m = bench.m
    buffer = bench.load(_MODULE).SampleBuffer(SimpleNamespace(inputs=_INPUTS))
    bench.add("buffer", buffer)

    # The loader begins when a slot is free, may give up and begin again, and sends no more pixels than there are.
    loading = Signal()
    begin, pixel, tail, advance = (Signal() for _ in range(4))
    place = bench.constant("place", 2)
    filling, waiting, current = (Signal(_Sample, name=f"sample_{name}") for name in ("filling", "waiting", "current"))
    address = bench.free("address", 2)
    m.d.comb += [
        begin.eq(bench.free("begin") & buffer.slot_free),
        pixel.eq(bench.free("pixel") & loading & (filling.count < _INPUTS) & ~begin),
        tail.eq(bench.free("tail") & loading & ~begin & ~pixel),
        advance.eq(bench.free("advance") & buffer.waiting),
        buffer.begin.eq(begin),
        buffer.pixel.valid.eq(pixel),
        buffer.pixel.payload.value.eq(bench.free("value", 8)),
        buffer.pixel.payload.index.eq(bench.free("index", 2)),
        buffer.tail.valid.eq(tail),
        buffer.tail.payload.entry.eq(bench.free("entry", 12)),
        buffer.tail.payload.label.eq(bench.free("label", 8)),
        buffer.advance.eq(advance),
        buffer.address.eq(address),
    ]
    with m.If(begin):
        m.d.sync += [loading.eq(1), filling.count.eq(0)]
    with m.If(pixel):
        m.d.sync += filling.count.eq(filling.count + 1)
        with m.If(filling.count == place):
            m.d.sync += [filling.value.eq(buffer.pixel.payload.value), filling.index.eq(buffer.pixel.payload.index)]
    with m.If(tail):
        m.d.sync += [
            loading.eq(0),
            waiting.eq(filling),
            waiting.entry.eq(buffer.tail.payload.entry),
            waiting.label.eq(buffer.tail.payload.label),
        ]
    with m.If(advance):
        m.d.sync += current.eq(waiting)

    outstanding = Signal()
    m.d.sync += outstanding.eq((outstanding | tail) & ~advance)
    bench.claim(buffer.waiting == outstanding, "a sample is lost, or waits twice")
    bench.claim(~buffer.waiting | (buffer.entry == waiting.entry), "the program of another sample")
    bench.claim(buffer.count == current.count, "the number of pixels is of another sample")
    bench.claim(buffer.label == current.label, "the label is of another sample")
    settled = bench.past((address == place) & ~advance) & (place < current.count)
    read = Cat(buffer.data.value, buffer.data.index[:2])
    bench.claim(~settled | (read == Cat(current.value, current.index)), "a pixel is lost, altered, or out of order")


PROOF = Proof(
    name="sample-buffer",
    claim="the current sample is the one that was completed last but one or last, with every pixel in place, while"
    " another is loaded, given up, or loaded again",
    build=_build,
    method=Method("reachability"),
    mutants=(
        Mutant(
            "both slots share their memory", _MODULE, "Cat(count[:index_bits], filling)", "Cat(count[:index_bits], 0)"
        ),
        Mutant(
            "a sample given up leaves its pixels",
            _MODULE,
            "m.d.sync += [count.eq(0), norm.eq(0)]",
            "m.d.sync += norm.eq(0)",
        ),
        Mutant("may be filled while one waits", _MODULE, "self.slot_free.eq(~self.waiting)", "self.slot_free.eq(1)"),
        Mutant(
            "the program of the sample before",
            _MODULE,
            "with m.If(filling == slot):\n                m.d.comb",
            "with m.If(current == slot):\n                m.d.comb",
        ),
    ),
    free_products=True,
)
