"""Packing of a result: its exponent, its magnitude, and what happens at the ends of the range."""

from __future__ import annotations

from amaranth.hdl import C, Cat, Mux, Signal, Value, signed

from onward.hw.core.packer import Exponent
from onward.hw.spec.formats import EXPONENT_MAX, EXPONENT_MIN
from onward.sim.formal.bench import Bench, internal
from onward.sim.formal.proof import Method, Proof
from onward.sim.formal.variant import Mutant

__all__ = ["PROOF"]

_MODULE = "onward.hw.core.packer"


def _build(bench: Bench) -> None:
    m = bench.m
    packer = bench.load(_MODULE).Packer()
    inside = bench.add("packer", packer)
    for port in ("control", "scalar", "larger_exponent", "sum", "beyond", "product", "value", "pixels", "total"):
        member = getattr(packer, port)
        m.d.comb += member.eq(bench.free(port, member.shape()))
    m.d.comb += [packer.larger_sign.eq(bench.free("larger_sign")), packer.element_sign.eq(bench.free("element_sign"))]
    wide, exponent = internal(inside, "wide_magnitude"), internal(inside, "exponent")
    special = internal(inside, "special")

    bench.claim(special != 3, "a special result that there is not")

    # 17 bits become 16: the exponent makes up for the bit cut off.
    magnitude, final = Signal(16), Signal(signed(12))
    m.d.comb += [magnitude.eq(Mux(wide[16], wide >> 1, wide)), final.eq(exponent + wide[16])]
    zero = (wide < 1 << 15) | (final < EXPONENT_MIN)
    largest = Cat(C(0xFFFF, 16), C(EXPONENT_MAX, 8), packer.sign)
    ordinary = Mux(zero, 0, Mux(final > EXPONENT_MAX, largest, Cat(magnitude, final[:8], packer.sign)))
    # A magnitude of 0 beside an exponent out of range is 0 all the same.
    expected = Mux(special == 0, ordinary, Mux(special == 2, largest, 0))
    bench.claim(packer.result == expected, "the result is wrong, or out of range")

    # Exponents of the operations, as they stand in the module's list.
    es = packer.scalar[16:24].as_signed()
    following = {
        Exponent.PRODUCT: es + 15,
        Exponent.PLUS_SCALAR: exponent + es,
        Exponent.RECIPROCAL: -31 - es,
        Exponent.RSQRT: Mux(es[0], -24 - ((es - 1) >> 1), -23 - (es >> 1)),
        Exponent.LARGER: packer.larger_exponent,
        Exponent.EXP2: packer.sum[16:24].as_signed() - 15,
    }
    on = bench.since_start(1)
    for kind, value in following.items():
        became, due = (
            Signal(signed(10), name=f"due_{kind.name}"),
            bench.past(Value.cast(packer.control.exponent) == kind.value),
        )
        m.d.comb += became.eq(value)
        bench.claim(~(on & due) | (exponent == bench.past(became)), f"the exponent of {kind.name} is wrong")


PROOF = Proof(
    name="packer",
    claim="a packed result is the magnitude cut to 16 bits with its exponent, 0 below the range and the largest number"
    " above it, for all magnitudes and exponents",
    build=_build,
    method=Method("induction", 3),
    mutants=(
        Mutant("the carry does not reach the upper limit", _MODULE, " | ((exponent == EXPONENT_MAX) & overflow)", ""),
        Mutant(
            "the carry does not reach the lower limit", _MODULE, " & ~((exponent == EXPONENT_MIN - 1) & overflow)", ""
        ),
        Mutant("a magnitude too small is packed", _MODULE, " | (wide_magnitude[15:] == 0)", ""),
        Mutant("odd exponents of a root", _MODULE, "carry.eq(~scalar_exponent[0])", "carry.eq(1)"),
    ),
)
