"""The scalar unit's comparison and its aligned sum, against the numbers that scalars stand for."""

from __future__ import annotations

from amaranth.hdl import Mux, Signal, Value, signed

from onward.hw.core.aligner import ALIGN_BITS, Amount, Keep, Operands, Shift
from onward.sim.formal.bench import Bench
from onward.sim.formal.proof import Method, Proof
from onward.sim.formal.variant import Mutant

__all__ = ["PROOF"]

_MODULE = "onward.hw.core.aligner"


def _build(bench: Bench) -> None:
    m = bench.m
    aligner = bench.load(_MODULE).Aligner()
    bench.add("aligner", aligner)
    # Two scalars, in four cycles: the first is kept, the second is read, the two are compared, the smaller is shifted
    # and added.
    first, second, negate = (
        bench.constant(name, bits) for name, bits in (("first", 25), ("second", 25), ("negate", 1))
    )
    for scalar in (first, second):
        bench.assume(scalar[15] | (scalar == 0))
    step = Signal(range(6))
    m.d.sync += step.eq(Mux(step == 5, 5, step + 1))
    control = aligner.control
    scalar = Mux(step == 0, first, Mux(step == 1, second, bench.free("scalar", 25)))
    m.d.comb += [aligner.scalar.eq(scalar), aligner.negate.eq(negate)]
    with m.Switch(step):
        with m.Case(0):
            m.d.comb += control.keep.eq(Keep.SCALAR)
        with m.Case(2):
            m.d.comb += [control.operands.eq(Operands.COMPARE), control.amount.eq(Amount.DIFFERENCE)]
        with m.Case(3):
            m.d.comb += control.shift.eq(Shift.SUM)

    # As numbers: exponents as they are, and a sign in front.
    compared = step >= 3
    larger_first = _size_above(first, second)
    same_size = first[:24] == second[:24]
    greater = Mux(
        first[24] ^ second[24],
        second[24],
        Mux(first[24], ~larger_first & ~same_size, larger_first),
    )
    bench.claim(~compared | (aligner.greater == greater), "the wrong one is the greater")
    other_sign = second[24] ^ negate
    bench.claim(~compared | (aligner.subtracting == (first[24] ^ other_sign)), "adds what is to be subtracted")
    exponent = Mux(larger_first, first[16:24], second[16:24])
    sign = Mux(larger_first, first[24], other_sign)
    bench.claim(~compared | same_size | (aligner.larger_exponent.as_unsigned() == exponent), "another exponent")
    bench.claim(~compared | same_size | (aligner.larger_sign == sign), "another sign")

    # The sum: 16 bits and two guard bits of the smaller, cut off, in units of 2^-7 of the larger's last place.
    large = Mux(larger_first, first[:16], second[:16])
    small = Mux(larger_first, second[:16], first[:16])
    distance = Signal(9)
    m.d.comb += distance.eq(
        Mux(
            larger_first,
            first[16:24].as_signed() - second[16:24].as_signed(),
            second[16:24].as_signed() - first[16:24].as_signed(),
        )
    )
    shifted = Signal(16 + ALIGN_BITS)
    for places in range(16 + 2):
        with m.If(distance == places):
            m.d.comb += shifted.eq(((small << 2) >> places) << (ALIGN_BITS - 2))
    total = Signal(signed(26))
    subtracting = first[24] ^ other_sign
    with m.If(small == 0):
        m.d.comb += total.eq(large << ALIGN_BITS)
    with m.Elif(subtracting):
        m.d.comb += total.eq((large << ALIGN_BITS) - shifted)
    with m.Else():
        m.d.comb += total.eq((large << ALIGN_BITS) + shifted)
    bench.claim((step < 4) | (aligner.sum == total), "the sum is wrong")


def _size_above(first: Value, second: Value) -> Value:
    """The size of ``first`` is above that of ``second``; 0 is below all."""
    exponent, other = first[16:24].as_signed(), second[16:24].as_signed()
    above = (exponent > other) | ((exponent == other) & (first[:16] > second[:16]))
    return Mux(second[:16] == 0, first[:16] != 0, (first[:16] != 0) & above)


PROOF = Proof(
    name="aligner",
    claim="two scalars are compared as the numbers they stand for, and their aligned sum is cut to two guard bits, for"
    " all pairs of scalars",
    build=_build,
    method=Method("bounded", 7),
    mutants=(
        Mutant("a 0 is larger than the smallest numbers", _MODULE, " & scalar[15].replicate(8)", ""),
        Mutant("negative exponents are large", _MODULE, "Cat(scalar[16:23], ~scalar[23])", "scalar[16:24]"),
        Mutant(
            "shifts by 32 and more wrap",
            _MODULE,
            "Mux(far, 0, (smaller << ALIGN_BITS) >> amount)",
            "(smaller << ALIGN_BITS) >> amount",
        ),
        Mutant("one guard bit only", _MODULE, "(1 << (ALIGN_BITS - 2)) - 1", "(1 << (ALIGN_BITS - 1)) - 1"),
        Mutant("equal numbers are greater", _MODULE, "C(0, 1), first_key", "C(1, 1), first_key"),
    ),
)
