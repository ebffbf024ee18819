"""Number formats, each named once: two's complement fixed point and the scalar unit's small float.

| name      | bits              | fraction bits        | range       | used for                                  |
|-----------|-------------------|----------------------|-------------|-------------------------------------------|
| weight    | ``weight_bits``   | ``weight_bits`` - 3  | [-4, 4)     | rows of the weight memory                 |
| vector    | 16                | 11                   | [-16, 16)   | vector registers, elements, samples       |
| operand   | ``operand_bits``  | 14                   | [-8, 8)¹    | broadcast operand m of MAC                |
| fine      | ``operand_bits``  | ``operand_bits`` + 1 | [-1/4, 1/4) | broadcast operand m of a fine UPDATE      |
| probability | 16              | 14                   | [0, 1]      | softmax output, kept in element memory    |
| scalar    | 25                | floating             | 2^±127      | scalar registers                          |

¹ with 18 bits; [-2, 2) with 16.

A *scalar* is (sign, exponent, magnitude): value = (-1)^sign * magnitude * 2^exponent, with the magnitude in
[2^15, 2^16) or 0. It packs into 25 bits as ``sign << 24 | (exponent & 0xff) << 16 | magnitude``; zero is all zeros.
Scalars truncate toward zero: their relative error per operation is below 2^-14 (tables: 2^-13).
"""

from __future__ import annotations

import math
from dataclasses import dataclass

__all__ = [
    "ELEMENT",
    "EXPONENT_MAX",
    "EXPONENT_MIN",
    "MAGNITUDE_BITS",
    "ONE_PROBABILITY",
    "OPERAND_FRACTION",
    "PIXEL_SHIFT",
    "PROBABILITY_FRACTION",
    "PROBABILITY_SCALE",
    "WHITE",
    "Fixed",
    "pack_scalar",
    "scalar_from_float",
    "scalar_to_float",
]

MAGNITUDE_BITS = 16
EXPONENT_MIN = -128
EXPONENT_MAX = 127
OPERAND_FRACTION = 14
PROBABILITY_FRACTION = 14
PIXEL_SHIFT = 3
"""A pixel p in 0..255 is the vector-format number p << 3, that is p/256."""
WHITE = 255 << PIXEL_SHIFT
"""A white pixel as an element: what the elements of a generated image are clipped to."""


@dataclass(frozen=True)
class Fixed:
    """A two's complement fixed-point format: ``bits`` in all, ``fraction`` of them behind the point."""

    bits: int
    fraction: int

    @property
    def min(self) -> int:
        """Smallest representable integer code."""
        return -(1 << (self.bits - 1))

    @property
    def max(self) -> int:
        """Largest representable integer code."""
        return (1 << (self.bits - 1)) - 1

    def quantise(self, value: float) -> int:
        """Nearest code to ``value`` (halves away from zero), saturated."""
        code = math.floor(abs(value) * (1 << self.fraction) + 0.5)
        return max(self.min, min(self.max, code if value >= 0 else -code))

    def to_float(self, code: int) -> float:
        """The real number that ``code`` stands for."""
        return code / (1 << self.fraction)


ELEMENT = Fixed(16, 11)
"""Vector registers, element memory and (shifted) pixels."""


ONE_PROBABILITY = 1 << PROBABILITY_FRACTION
"""The element that stands for a probability of 1."""

PROBABILITY_SCALE = 2.0 ** (ELEMENT.fraction - PROBABILITY_FRACTION)
"""What a rate is multiplied by where the broadcast unit reads probabilities as vector-format numbers."""


def pack_scalar(sign: int, exponent: int, magnitude: int) -> int:
    """Pack a normalised scalar into its 25-bit code; a zero magnitude packs to 0."""
    if magnitude == 0:
        return 0
    return (sign << 24) | ((exponent & 0xFF) << 16) | magnitude


def scalar_from_float(value: float) -> int:
    """The 25-bit scalar nearest to ``value``.

    Raises
    ------
    ValueError
        If ``value`` is not finite or is outside the scalar range.
    """
    if not math.isfinite(value):
        raise ValueError(f"a scalar must be finite, not {value!r}")
    if value == 0:
        return 0
    fraction, exponent = math.frexp(abs(value))
    magnitude = round(fraction * (1 << MAGNITUDE_BITS))
    if magnitude == 1 << MAGNITUDE_BITS:
        magnitude, exponent = magnitude >> 1, exponent + 1
    exponent -= MAGNITUDE_BITS
    if not EXPONENT_MIN <= exponent <= EXPONENT_MAX:
        raise ValueError(f"scalar {value!r} is outside the range of 2^-113 to 2^143")
    return pack_scalar(int(value < 0), exponent, magnitude)


def scalar_to_float(code: int) -> float:
    """The real number that a 25-bit scalar code stands for."""
    exponent = (code >> 16) & 0xFF
    exponent -= 256 * (exponent >> 7)
    magnitude = code & 0xFFFF
    return math.ldexp(-magnitude if code >> 24 else magnitude, exponent)
