"""The random generator: never stuck at 0, and xorshift as published."""

from __future__ import annotations

from amaranth.hdl import Mux, Signal

from onward.hw.spec.tables import generator_constant
from onward.sim.formal.bench import Bench
from onward.sim.formal.proof import Method, Proof
from onward.sim.formal.variant import Mutant

__all__ = ["PROOF"]

_MODULE = "onward.hw.core.generator"
_INDEX = 5


def _build(bench: Bench) -> None:
    m = bench.m
    generator = bench.load(_MODULE).Generator(_INDEX)
    bench.add("generator", generator)
    m.d.comb += [
        generator.step.eq(bench.free("step")),
        generator.seed_valid.eq(bench.free("seed_valid")),
        generator.seed.eq(bench.free("seed", 32)),
    ]
    bench.claim(generator.state != 0, "the generator is stuck at 0")
    # Marsaglia's three lines.
    x = Signal(32)
    y, z = Signal(32), Signal(32)
    m.d.comb += [
        x.eq(generator.state ^ (generator.state << 13)),
        y.eq(x ^ (x >> 17)),
        z.eq(y ^ (y << 5)),
    ]
    held = ~bench.past(generator.seed_valid)
    following = bench.past(Mux(generator.step, z, generator.state))
    bench.claim(~bench.since_start(1) | ~held | (generator.state == following), "another step than xorshift's")
    restart = bench.past((generator.seed ^ generator_constant(_INDEX)) | 1)
    bench.claim(held | (generator.state == restart), "a seed does not start where it should")


PROOF = Proof(
    name="generator",
    claim="from any seed, xorshift32 steps when it is asked to and never reaches 0",
    build=_build,
    method=Method("induction", 2),
    mutants=(
        Mutant("a seed may lead to 0", _MODULE, "(self.seed ^ self._constant) | 1", "self.seed ^ self._constant"),
        Mutant("another shift", _MODULE, "first >> 17", "first >> 16"),
        Mutant(
            "half of the seed", _MODULE, "(self.seed ^ self._constant) | 1", "(self.seed[:16] ^ self._constant) | 1"
        ),
    ),
)
