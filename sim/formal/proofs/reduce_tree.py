"""The pipelined adder tree: the exact sum."""

from __future__ import annotations

from onward.sim.formal.bench import Bench
from onward.sim.formal.proof import Method, Proof
from onward.sim.formal.variant import Mutant

__all__ = ["PROOF"]

_MODULE = "onward.hw.core.reduce_tree"
_SHAPES = ((1, 6), (3, 6), (4, 6), (5, 6), (16, 4))
"""Numbers and bits of each: one, fewer than a level takes, one level, more than one, two full levels."""


def _build(bench: Bench) -> None:
    for count, bits in _SHAPES:
        tree = bench.load(_MODULE).ReduceTree(count, bits)
        bench.add(f"tree_{count}", tree)
        numbers = [bench.free("number", tree.i[0].shape()) for _ in range(count)]
        bench.m.d.comb += [port.eq(number) for port, number in zip(tree.i, numbers, strict=True)]
        total = bench.past(sum(numbers[1:], numbers[0]), tree.latency)
        started = bench.since_start(tree.latency)
        bench.claim(~started | (tree.o == total), f"{count} numbers: the sum is wrong, or late")


PROOF = Proof(
    name="reduce-tree",
    claim="sums of 1, 3, 4, 5 and 16 numbers are exact and come when they are said to",
    build=_build,
    method=Method("induction", 4),
    mutants=(
        Mutant(
            "the sum has a bit too few",
            _MODULE,
            "bits + (count - 1).bit_length()",
            "bits + (count - 1).bit_length() - 1",
        ),
        Mutant(
            "a number left over is not delayed",
            _MODULE,
            "m.d.sync += register.eq(value)",
            "(m.d.sync if len(group) > 1 else m.d.comb).__iadd__(register.eq(value))",
        ),
        Mutant("leaves out a number", _MODULE, "level[first : first + 4]", "level[first : first + 3]"),
    ),
)
