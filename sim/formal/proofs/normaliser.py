"""Exact sums as scalars: the ``float`` of docs/instruction-set.md."""

from __future__ import annotations

from amaranth.hdl import Mux, Signal, signed

from onward.sim.formal.bench import Bench
from onward.sim.formal.proof import Method, Proof
from onward.sim.formal.variant import Mutant

__all__ = ["PROOF"]

_MODULE = "onward.hw.core.normaliser"
_FRACTION = 22
_WIDTHS = (12, 30, 47)
"""Bits: less than a magnitude has; some; as many as sums of the largest preset."""


def _build(bench: Bench) -> None:
    for bits in _WIDTHS:
        unit = bench.load(_MODULE).Normaliser(bits, _FRACTION)
        bench.add(f"unit_{bits}", unit)
        number = bench.free("number", signed(bits))
        bench.m.d.comb += unit.i.eq(number)
        # A candidate for each position of the highest one: no shifter, no counting of zeros.
        size, expected = Signal(bits), Signal(25)
        bench.m.d.comb += size.eq(Mux(number < 0, -number, number))
        for top in range(bits):
            exponent = top - 15 - _FRACTION
            magnitude = size >> (top - 15) if top >= 15 else size << (15 - top)
            with bench.m.If((size >> top) == 1):
                bench.m.d.comb += [
                    expected[:16].eq(magnitude),
                    expected[16:24].eq(exponent),
                    expected[24].eq(number < 0),
                ]
        latency = unit.LATENCY
        right = unit.o == bench.past(expected, latency)
        bench.claim(~bench.since_start(latency) | right, f"{bits} bits: the scalar is wrong")


PROOF = Proof(
    name="normaliser",
    claim="every sum becomes the scalar of its size truncated to 16 bits, with the right exponent and sign",
    build=_build,
    method=Method("induction", 5),
    mutants=(
        Mutant(
            "drops a bit that a later shift brings back",
            _MODULE,
            "MAGNITUDE_BITS + step - 1)",
            "MAGNITUDE_BITS + step - 2)",
        ),
        Mutant("never shifts by two", _MODULE, "(2, 1)", "(1, 1)"),
        Mutant(
            "the most negative number has no size", _MODULE, "size = Signal(self.bits)", "size = Signal(self.bits - 1)"
        ),
    ),
)
