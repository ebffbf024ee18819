"""How learning rates change over a training."""

from __future__ import annotations

import math

import numpy as np

__all__ = ["SCHEDULES", "factors"]

SCHEDULES = ("linear", "cosine", "exponential", "constant")

_DIGITS = 12
"""Kept of a factor, so that mathematical libraries that differ in the last bit give the same weights."""


def factors(schedule: str, final: float, steps: int) -> list[float]:
    """What the learning rates are multiplied by in each step: 1 in the first, ``final`` in the last."""
    if schedule == "linear":
        # Not rounded: every weights_sha256 published so far is of these factors, to the last bit.
        return np.linspace(1.0, final, steps).tolist()
    times = [i / max(1, steps - 1) for i in range(steps)]
    match schedule:
        case "cosine":
            values = [final + (1 - final) * (1 + math.cos(math.pi * time)) / 2 for time in times]
        case "exponential":
            values = [final**time for time in times]
        case "constant":
            values = [1.0] * steps
        case _:
            raise ValueError(f"unknown schedule {schedule!r}")
    return [round(value, _DIGITS) for value in values]
