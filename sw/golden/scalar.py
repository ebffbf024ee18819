"""The scalar unit's arithmetic, bit for bit: plain integer functions on packed 25-bit scalars.

A scalar is (sign, exponent, magnitude), value = (-1)^sign * magnitude * 2^exponent, magnitude in [2^15, 2^16) or 0;
it is packed by :func:`onward.hw.spec.formats.pack_scalar`, and zero is all zeros. Functions expect such codes (a
magnitude below 2^15 other than zero is no scalar) and return such codes. Everything truncates toward zero. An
exponent above 127 saturates to the largest magnitude with the sign of the result, one below -128 gives zero.

The text that goes with these functions is ``docs/instruction-set.md``; where a result is in a vector or operand
format, the second value returned says whether it was saturated.
"""

from __future__ import annotations

from collections.abc import Sequence

from onward.hw.spec.formats import (
    ELEMENT,
    EXPONENT_MAX,
    EXPONENT_MIN,
    MAGNITUDE_BITS,
    PROBABILITY_FRACTION,
    Fixed,
    pack_scalar,
)
from onward.hw.spec.tables import (
    EXP2_TABLE,
    LOG2E_FIXED,
    LOG2E_FRACTION,
    POSITION_BITS,
    RECIPROCAL_TABLE,
    RSQRT_TABLE,
)

__all__ = [
    "LARGEST",
    "ONE",
    "add",
    "argmax",
    "draw",
    "element_add",
    "exp",
    "from_int",
    "greater",
    "mul",
    "operand",
    "reciprocal",
    "rsqrt",
    "sigmoid",
    "softmax",
    "sub",
    "to_fixed",
    "xorshift32",
]

_SIGN = 1 << 24
_HALF = 1 << (MAGNITUDE_BITS - 1)
_EXP_LIMIT = -8
"""|t| >= 128 = 2^15 * 2^-8 exactly if the exponent of t is at least this."""
_DRAW_LIMIT = (1 << 18) - 1

ONE = pack_scalar(0, 1 - MAGNITUDE_BITS, _HALF)
"""1.0"""
LARGEST = pack_scalar(0, EXPONENT_MAX, 2 * _HALF - 1)
"""The largest scalar."""


# scalars --------------------------------------------------------------------------------------------------------


def from_int(value: int, fraction: int) -> int:
    """``float``: value / 2^fraction as a scalar, truncated to a 16-bit magnitude."""
    return _pack(int(value < 0), -fraction, abs(value))


def to_fixed(code: int, fraction: int, bits: int) -> tuple[int, bool]:
    """``fix``: nearest number of ``bits`` with ``fraction`` of them behind the point, halves away from zero.

    Returns
    -------
    (value, saturated)
    """
    sign, exponent, magnitude = _unpack(code)
    shift = -fraction - exponent
    size = magnitude << min(-shift, bits) if shift < 0 else _shift_nearest(magnitude, shift)
    return _saturate(-size if sign else size, bits)


def mul(a: int, b: int) -> int:
    """a * b"""
    sign_a, exponent_a, magnitude_a = _unpack(a)
    sign_b, exponent_b, magnitude_b = _unpack(b)
    return _pack(sign_a ^ sign_b, exponent_a + exponent_b, magnitude_a * magnitude_b)


def add(a: int, b: int) -> int:
    """a + b, aligned to the larger operand with two guard bits."""
    if not a or not b:
        return a or b
    large, small = sorted((_unpack(a), _unpack(b)), key=lambda scalar: scalar[1:], reverse=True)
    kept = large[2] << 2
    aligned = (small[2] << 2) >> (large[1] - small[1])
    return _pack(large[0], large[1] - 2, kept + aligned if large[0] == small[0] else kept - aligned)


def sub(a: int, b: int) -> int:
    """a - b"""
    return add(a, _negate(b))


def greater(a: int, b: int) -> bool:
    """a > b"""
    return _order(a) > _order(b)


def rsqrt(a: int) -> int:
    """1/sqrt(a) from the table; 0 for a <= 0."""
    sign, exponent, magnitude = _unpack(a)
    if sign or not magnitude:
        return 0
    odd = exponent & 1
    value = _lookup(RSQRT_TABLE[64 * odd : 64 * odd + 64], magnitude)
    return _pack(0, -23 - odd - (exponent >> 1), value)


def reciprocal(a: int) -> int:
    """1/a from the table; the largest scalar for a = 0."""
    sign, exponent, magnitude = _unpack(a)
    if not magnitude:
        return LARGEST
    return _pack(sign, -31 - exponent, _lookup(RECIPROCAL_TABLE, magnitude))


def exp(a: int) -> int:
    """e^a as 2^(a * log2 e), from the table."""
    sign, exponent, magnitude = _unpack(mul(a, from_int(LOG2E_FIXED, LOG2E_FRACTION)))
    if magnitude and exponent >= _EXP_LIMIT:
        return 0 if sign else LARGEST
    shift = exponent + 16
    size = magnitude << shift if shift >= 0 else magnitude >> -shift
    power = -size if sign else size
    return _pack(0, (power >> 16) - 15, _exp2(power))


def sigmoid(a: int) -> int:
    """1 / (1 + e^-a), made of the three steps."""
    return reciprocal(add(ONE, exp(_negate(a))))


# elements -------------------------------------------------------------------------------------------------------


def element_add(element: int, addend: int) -> tuple[int, bool]:
    """Sum of two vector-format numbers: (value, saturated)."""
    return _saturate(element + addend, ELEMENT.bits)


def softmax(logits: Sequence[int]) -> list[int]:
    """Softmax of vector-format numbers, as probabilities with 14 fraction bits.

    Raises
    ------
    ValueError
        If there is no logit.
    """
    _at_least_one(logits)
    largest = max(logits)
    terms = []
    for logit in logits:
        power = -(((largest - logit) * LOG2E_FIXED) >> (ELEMENT.fraction + LOG2E_FRACTION - 16))
        terms.append(_shift_nearest(_exp2(power), -(power >> 16)))
    _, exponent, magnitude = _unpack(from_int(sum(terms), 0))
    factor = _lookup(RECIPROCAL_TABLE, magnitude)
    shift = 31 - PROBABILITY_FRACTION + exponent
    return [_shift_nearest(term * factor, shift) for term in terms]


def draw(weights: Sequence[int], eps: int, exclude: int | None, random16: int) -> int:
    """An index drawn in proportion to ``max(0, weight) + eps``; the weight of index ``exclude`` is 0.

    Raises
    ------
    ValueError
        If there is no weight.
    """
    _at_least_one(weights)
    chances = [0 if index == exclude else max(0, weight) + eps for index, weight in enumerate(weights)]
    threshold = (random16 * min(sum(chances), _DRAW_LIMIT)) >> 16
    total = 0
    for index, chance in enumerate(chances):
        total += chance
        if total > threshold:
            return index
    return len(weights) - 1


def argmax(elements: Sequence[int]) -> int:
    """Index of the first of the largest elements.

    Raises
    ------
    ValueError
        If there is no element.
    """
    _at_least_one(elements)
    return max(range(len(elements)), key=lambda index: (elements[index], -index))


# broadcast and random bits --------------------------------------------------------------------------------------


def operand(x: int, scalar: int, neg: int, fraction: int, bits: int, random32: int | None) -> tuple[int, bool]:
    """The broadcast operand ``x * scalar`` (negated if ``neg``), rounded: (m, saturated).

    Parameters
    ----------
    x : vector-format element.
    scalar : packed scalar.
    neg : 1 negates the product before it is rounded.
    fraction, bits : format of the operand.
    random32 : bits for stochastic rounding, or None to round to nearest.
    """
    sign, exponent, magnitude = _unpack(scalar)
    product = -x * magnitude if sign ^ neg else x * magnitude
    shift = ELEMENT.fraction - fraction - exponent
    if product == 0 or shift > 40:
        return 0, False
    if shift < 0:
        return (Fixed(bits, 0).min if product < 0 else Fixed(bits, 0).max), True
    rounding = 1 << 15 if random32 is None else random32 >> 16
    return _saturate((((product << 16) >> shift) + rounding) >> 16, bits)


def xorshift32(state: int) -> int:
    """The state after one step of a random generator."""
    state ^= (state << 13) & 0xFFFFFFFF
    state ^= state >> 17
    return state ^ ((state << 5) & 0xFFFFFFFF)


# helpers --------------------------------------------------------------------------------------------------------


def _unpack(code: int) -> tuple[int, int, int]:
    """(sign, exponent, magnitude)"""
    exponent = (code >> MAGNITUDE_BITS) & 0xFF
    return code >> 24, exponent - 256 * (exponent >> 7), code & (2 * _HALF - 1)


def _pack(sign: int, exponent: int, magnitude: int) -> int:
    """The scalar magnitude * 2^exponent for a magnitude of any width: normalised, truncated, saturated."""
    if not magnitude:
        return 0
    excess = magnitude.bit_length() - MAGNITUDE_BITS
    exponent += excess
    if exponent > EXPONENT_MAX:
        return (sign * _SIGN) | LARGEST
    if exponent < EXPONENT_MIN:
        return 0
    return pack_scalar(sign, exponent, magnitude >> excess if excess >= 0 else magnitude << -excess)


def _negate(code: int) -> int:
    """-a; zero stays zero."""
    return code ^ _SIGN if code else 0


def _order(code: int) -> int:
    """An integer that is larger for a larger scalar."""
    sign, exponent, magnitude = _unpack(code)
    size = ((exponent - EXPONENT_MIN) << MAGNITUDE_BITS) | magnitude if magnitude else 0
    return -size if sign else size


def _saturate(value: int, bits: int) -> tuple[int, bool]:
    """(value clamped to ``bits`` of two's complement, whether that changed it)"""
    clamped = max(Fixed(bits, 0).min, min(Fixed(bits, 0).max, value))
    return clamped, clamped != value


def _shift_nearest(value: int, shift: int) -> int:
    """value / 2^shift for a value that is not negative, to nearest, halves up."""
    return (value + ((1 << shift) >> 1)) >> shift


def _interpolate(table: Sequence[tuple[int, int]], index: int, position: int) -> int:
    """One point of a table, in [2^15, 2^16]."""
    base, slope = table[index]
    return base + ((slope * position) >> POSITION_BITS)


def _lookup(table: Sequence[tuple[int, int]], magnitude: int) -> int:
    """The table at a magnitude: its six bits behind the first select the segment, the other nine the position."""
    return _interpolate(table, (magnitude >> 9) & 63, (magnitude & 511) << 1)


def _exp2(power: int) -> int:
    """2^15 * 2^(fraction of power), power with 16 fraction bits."""
    return _interpolate(EXP2_TABLE, (power >> 10) & 63, power & 1023)


def _at_least_one(values: Sequence[int]) -> None:
    """Refuse an empty range: the instruction set has no meaning for it."""
    if not values:
        raise ValueError("a softmax, draw or argmax needs at least one element")
