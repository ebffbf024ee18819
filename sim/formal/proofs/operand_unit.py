"""Broadcast operands against docs/instruction-set.md, section Broadcast."""

from __future__ import annotations

from amaranth.hdl import Mux, Signal, signed

from onward.hw.spec.formats import ELEMENT
from onward.hw.spec.presets import PRESETS
from onward.sim.formal.bench import Bench, internal
from onward.sim.formal.proof import Method, Proof
from onward.sim.formal.variant import Mutant

__all__ = ["PROOF"]

_MODULE = "onward.hw.core.operand_unit"


def _build(bench: Bench) -> None:
    m = bench.m
    for config in (PRESETS["tiny"], PRESETS["icebreaker"]):
        unit = bench.load(_MODULE).OperandUnit(config)
        inside = bench.add(f"unit_{config.name}", unit)
        exponent, sign = bench.free("exponent", signed(8)), bench.free("sign")
        fine, neg, stochastic = bench.free("fine"), bench.free("neg"), bench.free("stochastic")
        m.d.comb += [
            unit.scale[16:24].eq(exponent),
            unit.scale[24].eq(sign),
            unit.fine.eq(fine),
            unit.neg.eq(neg),
            unit.stochastic.eq(stochastic),
            unit.seed_valid.eq(bench.free("seed_valid")),
            unit.seed.eq(bench.free("seed", 32)),
        ]
        # The product is there in the cycle after its factors: everything else is delayed to meet it.
        product = Signal(signed(34))
        m.d.comb += product.eq(Mux(bench.past(sign ^ neg), -internal(inside, "product"), internal(inside, "product")))
        fraction = Mux(bench.past(fine), config.fine_operand.fraction, config.operand.fraction)
        k = Signal(signed(12))
        m.d.comb += k.eq(ELEMENT.fraction - fraction - bench.past(exponent))
        shifted = Signal(signed(50))
        m.d.comb += shifted.eq((product << 16) >> k[:6])
        # Rounding takes the generator's state as it is two cycles later.
        state = inside.submodules.generator.state
        random = Mux(bench.past(stochastic, 3), state[16:], 1 << 15)
        total = Signal(signed(52))
        m.d.comb += total.eq((bench.past(shifted, 2) + random) >> 16)
        number = config.operand
        below, above = total < number.min, total > number.max
        too_large = bench.past((k < 0) & (product != 0), 2)
        nothing = bench.past((product == 0) | (k > 40), 2)
        negative = bench.past(product < 0, 2)
        limit = Mux(negative, number.min, number.max)
        exact = Mux(below, number.min, Mux(above, number.max, total))
        value = Mux(too_large, limit, Mux(nothing, 0, exact))
        told = too_large | (~nothing & (below | above))
        on = bench.since_start(4)
        bench.claim(~on | (unit.m == bench.past(value)), f"{config.name}: the operand is wrong")
        bench.claim(~on | (unit.saturated == bench.past(told)), f"{config.name}: saturation is not told, or of none")


PROOF = Proof(
    name="operand-unit",
    claim="every operand is the product shifted, rounded to nearest or by random bits, and saturated, for all products,"
    " exponents and signs, in both formats of both widths",
    build=_build,
    method=Method("induction", 7),
    free_products=True,
    mutants=(
        Mutant("shifts beyond 40 wrap", _MODULE, "shift <= _LARGEST_SHIFT", "shift <= 63"),
        Mutant("rounds halves down", _MODULE, "1 << (_GUARD - 1)", "(1 << (_GUARD - 1)) - 1"),
        Mutant("a large product of 0 saturates", _MODULE, "(shift < 0) & (product != 0)", "shift < 0"),
        Mutant("the sign of an overflow is forgotten", _MODULE, "Mux(overflow_3, below_3, total < 0)", "total < 0"),
        Mutant("the first shift loses nothing", _MODULE, "~lost & (", "("),
        Mutant("the second shift loses nothing", _MODULE, " & ((coarse[:7] & ((1 << fine_shift) - 1)) == 0)", ""),
        Mutant(
            "the fine format of the other width",
            _MODULE,
            "config.fine_operand.fraction, config",
            "config.operand_bits, config",
        ),
    ),
    quick=False,
)
