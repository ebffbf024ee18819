"""Schedules of learning rates."""

from __future__ import annotations

import math

import numpy as np
import pytest

from onward.sw.driver.schedules import SCHEDULES, factors


def test_linear_is_numpys_line() -> None:
    # To the last bit: every weights_sha256 that has been published depends on it.
    for final, steps in ((0.05, 10), (0.05, 60), (0.3, 1800), (0.0, 7)):
        assert factors("linear", final, steps) == np.linspace(1.0, final, steps).tolist()
    assert factors("linear", 0.05, 3) == [1.0, 0.525, 0.05]


def test_cosine_starts_and_ends_flat() -> None:
    values = factors("cosine", 0.2, 5)
    expected = [0.2 + 0.8 * (1 + math.cos(math.pi * i / 4)) / 2 for i in range(5)]
    assert values == pytest.approx(expected, abs=1e-12)
    assert (values[0], values[2], values[4]) == (1.0, 0.6, 0.2)
    falls = -np.diff(factors("cosine", 0.2, 101))
    assert falls.argmax() in (49, 50)
    assert max(falls[0], falls[-1]) < falls.max() / 10


def test_exponential_falls_by_a_constant_ratio() -> None:
    values = np.array(factors("exponential", 0.01, 11))
    assert (values[0], values[5], values[-1]) == (1.0, 0.1, 0.01)
    assert values[1:] / values[:-1] == pytest.approx(0.01**0.1, abs=1e-9)


def test_constant() -> None:
    assert factors("constant", 0.05, 4) == [1.0] * 4


@pytest.mark.parametrize("schedule", SCHEDULES)
def test_a_single_step_has_the_whole_rates(schedule: str) -> None:
    assert factors(schedule, 0.05, 1) == [1.0]


def test_unknown() -> None:
    with pytest.raises(ValueError, match="unknown schedule 'stairs'"):
        factors("stairs", 0.05, 4)
