"""Scaling by a scalar: the ``fix`` of docs/instruction-set.md."""

from __future__ import annotations

from amaranth.hdl import Mux, Signal, signed

from onward.hw.spec.formats import ELEMENT
from onward.sim.formal.bench import Bench, internal
from onward.sim.formal.proof import Method, Proof
from onward.sim.formal.variant import Mutant

__all__ = ["PROOF"]

_MODULE = "onward.hw.core.scalar_to_fixed"
_WIDE = 64


def _build(bench: Bench) -> None:
    m = bench.m
    unit = bench.load(_MODULE).ScalarToFixed()
    inside = bench.add("unit", unit)
    m.d.comb += [unit.a.eq(bench.free("a", 25)), unit.b.eq(bench.free("b", 25))]
    # Magnitudes are normalised: their product is 0 or has 31 or 32 bits.
    product = internal(inside, "product")
    bench.assume(bench.first | (product == 0) | (product >= 1 << 30))

    exponent = Signal(signed(12))
    m.d.comb += exponent.eq(bench.past(unit.a[16:24].as_signed() + unit.b[16:24].as_signed()))
    # The product as a scalar has 16 bits; below 2^-11 times its last place it is worth half a unit at most.
    long = product >= 1 << 31
    magnitude = Signal(16)
    places = Signal(signed(12))
    m.d.comb += [
        magnitude.eq(Mux(long, product >> 16, product >> 15)),
        places.eq(exponent + 15 + long + ELEMENT.fraction),
    ]
    # round(magnitude * 2^places): half a unit is added to the size.
    down = Signal(12)
    m.d.comb += down.eq(-places)
    whole = Signal(_WIDE)
    m.d.comb += whole.eq(Mux(down > 17, 0, ((magnitude << 1) + (1 << down[:5])) >> (down[:5] + 1)))
    too_large = (places > 0) & (magnitude != 0)
    size = Mux(places > 0, 0, whole)
    negative = bench.past(unit.a[24] ^ unit.b[24])
    value = Signal(signed(_WIDE))
    over = too_large | Mux(negative, size > -ELEMENT.min, size > ELEMENT.max)
    m.d.comb += value.eq(Mux(over, Mux(negative, ELEMENT.min, ELEMENT.max), Mux(negative, -size, size)))
    on = bench.since_start(5)
    bench.claim(~on | (unit.o == bench.past(value, 4)), "the element is wrong")
    bench.claim(~on | (unit.saturated == bench.past(over, 4)), "saturation is not told, or told of none")


PROOF = Proof(
    name="scalar-to-fixed",
    claim="the product of two scalars becomes the nearest element, halves away from 0, saturated, for all exponents,"
    " signs and products",
    build=_build,
    method=Method("induction", 6),
    free_products=True,
    mutants=(
        Mutant(
            "halves of negative numbers toward 0",
            _MODULE,
            "operand.as_signed() + 1",
            "operand.as_signed() + ~negative_3",
        ),
        Mutant("a product of 32 bits loses its place", _MODULE, "amount.eq(shift - top)", "amount.eq(shift)"),
        Mutant(
            "large shifts wrap", _MODULE, "Mux(amount[5:9].any(), 0, guarded >> amount[:5])", "guarded >> amount[:5]"
        ),
        Mutant(
            "-16 counts as saturated",
            _MODULE,
            "high = rounded[ELEMENT.bits - 1 :]",
            "high = rounded[ELEMENT.bits - 2 :]",
        ),
    ),
)
