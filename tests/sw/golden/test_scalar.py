"""The golden scalar functions against float64: error bounds, special values, distributions."""

from __future__ import annotations

import math
from collections import Counter

import pytest
import torch
from hypothesis import assume, given
from hypothesis import strategies as st

from onward.hw.spec.formats import pack_scalar, scalar_from_float, scalar_to_float
from onward.hw.spec.tables import generator_constant
from onward.sw.golden import scalar

TABLE = 2.0**-13
STEP = 2.0**-15

magnitudes = st.integers(1 << 15, (1 << 16) - 1)
codes = st.builds(pack_scalar, st.integers(0, 1), st.integers(-128, 127), magnitudes) | st.just(0)
near_one = st.builds(pack_scalar, st.integers(0, 1), st.integers(-40, 8), magnitudes) | st.just(0)
elements = st.integers(-(1 << 15), (1 << 15) - 1)


def value(code: int) -> float:
    """The number a code stands for; refuses codes that are no scalars."""
    assert code == 0 or code & 0xFFFF >= 1 << 15
    assert 0 <= code < 1 << 25
    return scalar_to_float(code)


def relative(code: int, exact: float) -> float:
    """Relative error of a code."""
    return abs(value(code) - exact) / abs(exact)


def in_range(number: float) -> bool:
    """Neither saturates nor vanishes."""
    return 2.0**-112 < abs(number) < 2.0**142


# scalars --------------------------------------------------------------------------------------------------------


@given(st.integers(-(1 << 56), 1 << 56), st.integers(0, 40))
def test_from_int_truncates(number: int, fraction: int) -> None:
    exact = number / 2**fraction
    got = value(scalar.from_int(number, fraction))
    assert abs(got) <= abs(exact)
    assert got == exact if abs(number) < 1 << 16 else relative(scalar.from_int(number, fraction), exact) < STEP


@given(codes, st.integers(0, 20), st.integers(8, 20))
def test_to_fixed_is_nearest(code: int, fraction: int, bits: int) -> None:
    exact = math.ldexp(value(code), fraction)
    nearest = int(math.copysign(math.floor(abs(exact) + 0.5), exact))
    clamped = max(-(1 << (bits - 1)), min((1 << (bits - 1)) - 1, nearest))
    assert scalar.to_fixed(code, fraction, bits) == (clamped, clamped != nearest)


@given(codes, codes)
def test_mul(a: int, b: int) -> None:
    exact = value(a) * value(b)
    if exact == 0:
        assert scalar.mul(a, b) == 0
    else:
        assume(in_range(exact))
        assert relative(scalar.mul(a, b), exact) < STEP
        assert abs(value(scalar.mul(a, b))) <= abs(exact)


@given(codes, codes)
def test_add_and_sub(a: int, b: int) -> None:
    for function, exact in ((scalar.add, value(a) + value(b)), (scalar.sub, value(a) - value(b))):
        if exact == 0:
            assert function(a, b) == 0
        elif in_range(exact):
            assert relative(function(a, b), exact) < 1.5 * STEP


@given(near_one, near_one)
def test_add_and_sub_of_near_numbers(a: int, b: int) -> None:
    exact = value(a) + value(b)
    assert relative(scalar.add(a, b), exact) < 1.5 * STEP if exact else scalar.add(a, b) == 0
    assert scalar.add(a, b) == scalar.add(b, a)
    assert scalar.sub(a, b) == scalar.add(a, b ^ (1 << 24) if b else 0)


@given(codes)
def test_rsqrt(a: int) -> None:
    if value(a) <= 0:
        assert scalar.rsqrt(a) == 0
    else:
        assert relative(scalar.rsqrt(a), 1 / math.sqrt(value(a))) < TABLE


@given(codes)
def test_reciprocal(a: int) -> None:
    if a == 0:
        assert scalar.reciprocal(a) == scalar.LARGEST
    elif in_range(1 / value(a)):
        assert relative(scalar.reciprocal(a), 1 / value(a)) < TABLE


@given(near_one)
def test_exp(a: int) -> None:
    t = value(a) * math.log2(math.e)
    if t >= 128:
        assert scalar.exp(a) == scalar.LARGEST
    elif t <= -128:
        assert scalar.exp(a) == 0
    elif -112 < t < 127.9:
        assert relative(scalar.exp(a), math.exp(value(a))) < TABLE + STEP * abs(t)


@given(near_one)
def test_sigmoid(a: int) -> None:
    assume(abs(value(a)) < 60)
    exact = 1 / (1 + math.exp(-value(a)))
    assert relative(scalar.sigmoid(a), exact) < 2 * TABLE + 1.5 * STEP * abs(value(a))


@given(codes, codes)
def test_greater(a: int, b: int) -> None:
    assert scalar.greater(a, b) == (value(a) > value(b))


def test_special_values() -> None:
    one, largest = scalar.ONE, scalar.LARGEST
    minus = 1 << 24
    smallest = pack_scalar(0, -128, 1 << 15)
    assert value(one) == 1.0
    assert scalar.exp(0) == one
    assert scalar.sigmoid(0) == scalar_from_float(0.5)
    assert scalar.sigmoid(largest) == one
    assert scalar.sigmoid(largest | minus) == 0
    assert scalar.mul(largest, largest | minus) == largest | minus
    assert scalar.mul(smallest, smallest) == 0
    assert scalar.add(largest, largest) == largest
    assert scalar.sub(largest | minus, largest) == largest | minus
    assert scalar.sub(pack_scalar(0, -128, (1 << 15) + 1), smallest) == 0
    assert scalar.sub(one, one) == 0
    assert scalar.add(0, smallest) == scalar.add(smallest, 0) == smallest
    assert scalar.sub(0, one) == one | minus
    assert scalar.reciprocal(one) == one
    assert scalar.rsqrt(one) == one
    assert scalar.rsqrt(one | minus) == 0
    assert scalar.reciprocal(largest) == 0
    assert scalar.from_int(0, 11) == 0
    assert scalar.to_fixed(largest, 11, 16) == (32767, True)
    assert scalar.to_fixed(largest | minus, 11, 16) == (-32768, True)
    assert scalar.to_fixed(scalar_from_float(-16.0), 11, 16) == (-32768, False)


# elements -------------------------------------------------------------------------------------------------------


@given(st.lists(elements, min_size=1, max_size=10))
def test_softmax(logits: list[int]) -> None:
    got = torch.tensor(scalar.softmax(logits), dtype=torch.float64) / 2**14
    exact = torch.softmax(torch.tensor(logits, dtype=torch.float64) / 2**11, dim=0)
    assert (got - exact).abs().max() < 2.0**-12


def test_softmax_of_equal_logits_stays_in_range() -> None:
    assert scalar.softmax([-5]) == [1 << 14]
    assert set(scalar.softmax([32767] * 4095)) == {4}


@given(st.lists(st.integers(-3, 3), min_size=1, max_size=9))
def test_argmax_is_the_first(values: list[int]) -> None:
    assert scalar.argmax(values) == values.index(max(values))


def test_softmax_of_many() -> None:
    logits = [19000] + [0] * 255  # as many classes as there may be, each just worth counting
    got = torch.tensor(scalar.softmax(logits), dtype=torch.float64) / 2**14
    exact = torch.softmax(torch.tensor(logits, dtype=torch.float64) / 2**11, dim=0)
    assert (got - exact).abs().max() < 2.0**-8


@given(elements, elements)
def test_element_add(a: int, b: int) -> None:
    clamped = max(-(1 << 15), min((1 << 15) - 1, a + b))
    assert scalar.element_add(a, b) == (clamped, clamped != a + b)


def test_draw_frequencies() -> None:
    weights, eps, exclude = [0, 5000, -7, 20000, 1200, 9000], 300, 4
    state = (generator_constant(129) ^ 1) | 1
    counts: Counter[int] = Counter()
    for _ in range(40000):
        state = scalar.xorshift32(state)
        counts[scalar.draw(weights, eps, exclude, state >> 16)] += 1
    chances = [0 if c == exclude else max(0, w) + eps for c, w in enumerate(weights)]
    for index, chance in enumerate(chances):
        share = chance / sum(chances)
        assert abs(counts[index] / 40000 - share) < 4 * math.sqrt(share / 40000 + 1e-9)


def test_draw_of_nothing_and_of_too_much() -> None:
    assert scalar.draw([-1, 0, 0], 0, None, 0) == 2
    assert scalar.draw([32767] * 12, 65535, None, 65535) == 2  # the sum of the weights is cut at 2^18 - 1
    assert scalar.draw([1], 0, 0, 7) == 0


@pytest.mark.parametrize("function", [scalar.softmax, scalar.argmax, lambda none: scalar.draw(none, 1, None, 0)])
def test_nothing_is_refused(function) -> None:
    with pytest.raises(ValueError, match="at least one"):
        function([])


# broadcast and random bits --------------------------------------------------------------------------------------


@given(elements, near_one, st.integers(0, 1), st.sampled_from([14, 17, 19]), st.sampled_from([16, 18]))
def test_operand_is_nearest(x: int, code: int, neg: int, fraction: int, bits: int) -> None:
    exact = (-1) ** neg * x / 2**11 * value(code) * 2**fraction
    got, saturated = scalar.operand(x, code, neg, fraction, bits, None)
    if saturated:
        assert abs(exact) > (1 << (bits - 1)) - 1 or exact * 2**11 / 2**fraction >= 0  # k < 0 is at least 2^15
        assert got in (-(1 << (bits - 1)), (1 << (bits - 1)) - 1)
    else:
        assert got == math.floor(exact + 0.5)


@given(elements, near_one, st.sampled_from([14, 17, 19]))
def test_operand_is_stochastic(x: int, code: int, fraction: int) -> None:
    exact = x / 2**11 * value(code) * 2**fraction
    assume(abs(exact) < 30000 and not scalar.operand(x, code, 0, fraction, 18, None)[1])
    low = scalar.operand(x, code, 0, fraction, 18, 0)[0]
    high = scalar.operand(x, code, 0, fraction, 18, (1 << 32) - 1)[0]
    assert low in (math.floor(exact), 0)
    assert high in (math.ceil(exact), 0)


def test_operand_is_unbiased() -> None:
    code = scalar_from_float(0.0123)
    state, total, count = 12345, 0, 20000
    for _ in range(count):
        state = scalar.xorshift32(state)
        total += scalar.operand(3, code, 1, 17, 16, state)[0]
    exact = -3 / 2**11 * value(code) * 2**17
    assert abs(total / count - exact) < 4 * 0.5 / math.sqrt(count)


def test_operand_limits() -> None:
    assert scalar.operand(0, scalar.LARGEST, 0, 14, 18, None) == (0, False)
    assert scalar.operand(1, scalar.LARGEST, 1, 14, 18, None) == (-(1 << 17), True)
    assert scalar.operand(1, pack_scalar(0, -44, 1 << 15), 1, 14, 18, (1 << 32) - 1) == (0, False)
    assert scalar.operand(1, pack_scalar(0, -43, 1 << 15), 1, 14, 18, 0) == (-1, False)


def test_xorshift32() -> None:
    assert scalar.xorshift32(1) == 270369
    assert scalar.xorshift32(270369) == 67634689
