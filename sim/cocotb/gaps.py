"""Random pauses of a stream."""

from __future__ import annotations

import random

__all__ = ["Gaps"]


class Gaps:
    """How many cycles a side of a stream waits before each transfer: often none, sometimes a few, seldom many.

    Parameters
    ----------
    rng : its randomness.
    chance : of waiting at all.
    longest : cycles of a long pause, of which there is one in some forty.
    """

    def __init__(self, rng: random.Random, chance: float = 0.25, longest: int = 60) -> None:
        self._rng = rng
        self._chance = chance
        self._longest = longest

    def next(self) -> int:
        """Cycles to wait now."""
        if self._rng.random() >= self._chance:
            return 0
        return self._rng.randint(1, self._longest if self._rng.random() < 0.1 else 3)
