"""Read-only tables and generator constants that the gateware and the golden model both use.

Each function table covers one octave with 64 segments and linear interpolation. For a segment ``index`` and a 10-bit
``position`` inside it the result is ``base + ((slope * position) >> 10)`` with ``(base, slope) = TABLE[index]``, an
integer in [2^15, 2^16]. The largest error is 4 units.
"""

from __future__ import annotations

import itertools
import math
from collections.abc import Callable

__all__ = [
    "EXP2_TABLE",
    "LOG2E_FIXED",
    "LOG2E_FRACTION",
    "POSITION_BITS",
    "RECIPROCAL_TABLE",
    "RSQRT_TABLE",
    "SEGMENT_BITS",
    "generator_constant",
]

SEGMENT_BITS = 6
POSITION_BITS = 10
_SEGMENTS = 1 << SEGMENT_BITS

LOG2E_FRACTION = 14
LOG2E_FIXED = round(math.log2(math.e) * (1 << LOG2E_FRACTION))
"""log2(e) for the softmax, 14 fraction bits."""


def _segments(function: Callable[[float], float]) -> tuple[tuple[int, int], ...]:
    """(base, slope) of each segment of ``function`` over [0, 1)."""
    knots = [round(function(index / _SEGMENTS)) for index in range(_SEGMENTS + 1)]
    return tuple((low, high - low) for low, high in itertools.pairwise(knots))


EXP2_TABLE = _segments(lambda t: 2.0 ** (15 + t))
"""2^(15 + t): 64 entries, t = index/64 + position/65536."""

RECIPROCAL_TABLE = _segments(lambda t: 2.0**16 / (1 + t))
"""2^31 / m for a magnitude m = 2^15 (1 + t)."""

RSQRT_TABLE = _segments(lambda t: 2.0**15.5 / math.sqrt(1 + t)) + _segments(lambda t: 2.0**16 / math.sqrt(1 + t))
"""Entries 0..63: 2^23 / sqrt(m); entries 64..127: 2^24 / sqrt(2 m); m = 2^15 (1 + t)."""


def generator_constant(index: int) -> int:
    """The 32-bit constant of random generator ``index``: splitmix64's output for that counter, upper half.

    Generators 0..lanes-1 belong to the lanes, ``lanes`` to the broadcast unit and ``lanes + 1`` to the scalar unit.
    A seed S starts generator i in the state ``(constant(i) ^ S) | 1``; a step is xorshift32 (Marsaglia 2003, triple
    13, 17, 5), and a draw uses the state after the step, its upper bits first.
    """
    mask = (1 << 64) - 1
    state = ((index + 1) * 0x9E3779B97F4A7C15) & mask
    state = ((state ^ (state >> 30)) * 0xBF58476D1CE4E5B9) & mask
    state = ((state ^ (state >> 27)) * 0x94D049BB133111EB) & mask
    return (state ^ (state >> 31)) >> 32
