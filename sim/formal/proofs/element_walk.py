"""The scalar unit's walk along a range of elements."""

from __future__ import annotations

from amaranth.hdl import Signal

from onward.hw.core.element_walk import INDEX_BITS
from onward.sim.formal.bench import Bench
from onward.sim.formal.proof import Method, Proof
from onward.sim.formal.variant import Mutant

__all__ = ["PROOF"]

_MODULE = "onward.hw.core.element_walk"


def _build(bench: Bench) -> None:
    m = bench.m
    walk = bench.load(_MODULE).ElementWalk()
    bench.add("walk", walk)
    first, count = bench.constant("first", INDEX_BITS), bench.constant("count", INDEX_BITS)
    control = bench.free("control", walk.control.shape())
    bench.assume(count != 0)
    m.d.comb += [
        walk.control.eq(control),
        walk.first.eq(first),
        walk.count.eq(count),
    ]

    # Counted by the steps since the last rewind; whoever walks stops at the last element.
    reads, writes = Signal(INDEX_BITS), Signal(INDEX_BITS)
    for counter, steps in ((reads, control.next_read), (writes, control.next_write)):
        with m.If(control.rewind):
            m.d.sync += counter.eq(0)
        with m.Elif(steps):
            m.d.sync += counter.eq(counter + 1)
    bench.claim(walk.read_index == reads, "an index to read is skipped or repeated")
    bench.claim(walk.write_index == writes, "an index to write is skipped or repeated")
    index = Signal(INDEX_BITS)
    m.d.comb += index.eq(first + reads + control.ahead)
    bench.claim(walk.read_address == index, "another element is read than the index says")
    bench.claim(walk.write_address == (first + writes)[:INDEX_BITS], "another element is written than the index says")
    on = bench.since_start(1)
    bench.claim(~on | (walk.read_last == (reads + 1 == count)), "the last element to read is missed, or another one is")
    bench.claim(~on | (walk.write_last == (writes + 1 == count)), "the last element to write is missed, or another is")


PROOF = Proof(
    name="element-walk",
    claim="both indices step through the range one by one from 0, the address is theirs, and the last one is known",
    build=_build,
    method=Method("induction", 2),
    mutants=(
        Mutant(
            "the last is known one step late",
            _MODULE,
            "self.read_last.eq(is_last(self.read_index, self.control.next_read))",
            "self.read_last.eq(is_last(self.read_index, 0))",
        ),
        Mutant("a rewind forgets the write index", _MODULE, "[next_read.eq(0), next_write.eq(0)]", "next_read.eq(0)"),
        Mutant(
            "looks behind instead of ahead",
            _MODULE,
            "Cat(C(1, 1), self.first) + Cat(self.control.ahead, self.read_index)",
            "Cat(C(1, 1), self.first) - Cat(self.control.ahead, self.read_index)",
        ),
    ),
)
