"""The scanner of nonzero elements: every one of them once, in order, and no other."""

from __future__ import annotations

from types import SimpleNamespace

from amaranth.hdl import Mux, Signal

from onward.sim.formal.bench import Bench
from onward.sim.formal.proof import Method, Proof
from onward.sim.formal.variant import Mutant

__all__ = ["PROOF"]

_MODULE = "onward.hw.core.scanner"
_LANES = 3
_WORDS = 4
_LONGEST = 2 * _LANES + 1
"""Elements of the longest scan: three words, the last of them not whole."""


def _build(bench: Bench) -> None:
    m = bench.m
    # Two clusters, of two lanes and of one.
    scanner = bench.load(_MODULE).Scanner(SimpleNamespace(lanes=_LANES, cluster_lanes=2, vectors=_WORDS))
    bench.add("scanner", scanner)
    scanning = Signal()
    start = Signal()
    word, count = bench.free("word", range(_WORDS)), bench.free("count", range(_LONGEST + 1))
    bench.assume(count <= _LONGEST)
    # The sequencer keeps writes away from scans.
    write = bench.free("write") & ~scanning & ~start
    m.d.comb += [
        start.eq(bench.free("start") & ~scanning),
        scanner.start.eq(start),
        scanner.word.eq(word),
        scanner.count.eq(count),
        scanner.ready.eq(bench.free("ready")),
        scanner.write.eq(write),
        scanner.write_word.eq(bench.free("write_word", range(_WORDS))),
        scanner.mask.eq(bench.free("mask", _LANES)),
    ]
    with m.If(start):
        m.d.sync += scanning.eq(1)
    with m.Elif(~scanner.busy):
        m.d.sync += scanning.eq(0)

    # One element of the vector, any one: what its mask says, and whether it has been seen.
    offset = bench.constant("offset", range(_LONGEST))
    place = Signal(range(_WORDS))
    first, length = Signal(range(_WORDS)), Signal(range(_LONGEST + 1))
    masks = [Signal(_LANES, name=f"mask_{number}") for number in range(_WORDS)]
    with m.If(write):
        for number, mask in enumerate(masks):
            with m.If(scanner.write_word == number):
                m.d.sync += mask.eq(scanner.mask)
    lane, word_of = Signal(range(_LANES)), Signal(2)
    with m.Switch(offset):
        for number in range(_LONGEST):
            with m.Case(number):
                m.d.comb += [lane.eq(number % _LANES), word_of.eq(number // _LANES)]
    m.d.comb += place.eq(first + word_of)
    nonzero = Signal()
    with m.Switch(place):
        for number, mask in enumerate(masks):
            with m.Case(number):
                m.d.comb += nonzero.eq(mask.bit_select(lane, 1))
    seen, following = Signal(), Signal(range(_LONGEST + 1))
    taken = scanner.valid & scanner.ready
    hit = taken & (scanner.offset == offset)
    with m.If(start):
        m.d.sync += [seen.eq(0), following.eq(0), first.eq(word), length.eq(count)]
    with m.Elif(taken):
        m.d.sync += [seen.eq(seen | hit), following.eq(scanner.offset + 1)]

    bench.claim(~(scanner.valid & ~scanning), "an element without a scan")
    bench.claim(~scanner.valid | (scanner.offset >= following), "an element comes twice, or out of order")
    bench.claim(~scanner.valid | (scanner.offset < length), "an element beyond the end")
    bench.claim(~hit | nonzero, "an element that is 0")
    ended = scanning & ~bench.past(start) & ~scanner.busy & ~start
    wanted = nonzero & (offset < length)
    bench.claim(~ended | (seen == wanted), "an element is left out")
    at = Signal(4)
    m.d.comb += at.eq(Mux(scanner.cluster, 2, 0) + scanner.lane)
    shown = scanner.valid & (scanner.offset == offset)
    bench.claim(~shown | ((at == lane) & (scanner.o_word == place)), "an element is looked for in another place")
    held = bench.past(scanner.valid & ~scanner.ready)
    bench.claim(~held | (scanner.valid & (scanner.offset == bench.past(scanner.offset))), "an offer changes")
    bench.claim_prompt(scanner.busy & ~start, scanner.valid, 8, "a scan")


PROOF = Proof(
    name="scanner",
    claim="a scan gives every nonzero element of the vector once, in ascending order, and no other, at any pace",
    build=_build,
    method=Method("reachability"),
    mutants=(
        Mutant(
            "elements behind the end count",
            _MODULE,
            "len(part)] & within[cluster]",
            "len(part)]",
        ),
        Mutant(
            "skips the part taken last",
            _MODULE,
            "m.d.comb += last_part.eq(~filled.any() | (take & single))",
            "m.d.comb += last_part.eq(~filled.any() | single)",
        ),
        Mutant(
            "the word of an element is that of the next one",
            _MODULE,
            "current_word.eq(row_word)",
            "current_word.eq(word)",
        ),
        Mutant(
            "moves on before the element is taken",
            _MODULE,
            "with m.If(self.valid & self.ready):",
            "with m.If(self.valid):",
        ),
        Mutant("goes on after its last element", _MODULE, "valid.eq(filled.any())", "valid.eq(1)"),
        Mutant("the mask is used before it has arrived", _MODULE, "[fetching.eq(0), held.eq(1)]", "fetching.eq(0)"),
    ),
)
