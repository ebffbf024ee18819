"""Mixtures of codes."""

from __future__ import annotations

import warnings

import numpy as np
import pytest
from numpy.typing import NDArray

from onward.hw.spec.config import ConfigError
from onward.sw.driver.synthesis import CodeMixtures, apportion

LABELS = np.arange(120) % 3


def codes(seed: int = 0) -> NDArray[np.int32]:
    """Codes of 4 units: class k lights unit k, with noise, and unit 3 is always negative."""
    random = np.random.default_rng(seed)
    values = random.normal(-300, 60, (len(LABELS), 4))
    values[np.arange(len(LABELS)), LABELS] = random.normal(2000, 200, len(LABELS))
    return values.astype(np.int32)


def test_classes_have_their_own_codes() -> None:
    labels = np.repeat([2, 0, 1], 50)
    drawn = CodeMixtures(codes(), LABELS, 2, seed=1).sample(labels)
    assert drawn.shape == (150, 4)
    assert (drawn.argmax(1) == labels).all()
    assert len(np.unique(drawn, axis=0)) == 150
    # Scaled as the codes were: relu(code) is about as long as 1, what is negative stays so.
    assert np.linalg.norm(np.maximum(drawn, 0), axis=1) == pytest.approx(1, abs=0.1)
    assert drawn[:, 3].mean() == pytest.approx(-0.15, abs=0.02)


def test_follows_from_the_seed() -> None:
    a, b, c = (CodeMixtures(codes(), LABELS, 2, seed).sample(LABELS) for seed in (1, 1, 2))
    assert (a == b).all()
    assert (a != c).any()


def test_length_of_a_code_counts_for_nothing() -> None:
    scaled = codes() * np.random.default_rng(0).integers(1, 9, (len(LABELS), 1))
    a, b = (CodeMixtures(each, LABELS, 1, seed=1).sample(LABELS) for each in (codes(), scaled))
    assert a == pytest.approx(b)


def test_every_code_has_a_positive_part() -> None:
    # Units between silent and active: half of what a Gaussian of them draws is negative throughout.
    values = np.where(np.random.default_rng(0).random((60, 1)) < 0.5, [[100]], [[-4000]])
    values[0] = 100
    drawn = CodeMixtures(np.hstack([values, -values - 3800]), np.zeros(60, int), 1, seed=1).sample(np.zeros(500, int))
    assert (drawn > 0).any(1).all()


def test_codes_without_direction_are_left_out() -> None:
    values = codes()
    values[::6] = -1
    kept = np.arange(120) % 6 != 0
    a = CodeMixtures(values, LABELS, 1, seed=1).sample(LABELS)
    b = CodeMixtures(values[kept], LABELS[kept], 1, seed=1).sample(LABELS)
    assert (a == b).all()


def test_equal_codes_are_no_trouble() -> None:
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        drawn = CodeMixtures(np.full((20, 3), 7), np.zeros(20, int), 4, seed=1).sample(np.zeros(5, int))
    assert drawn == pytest.approx(1 / np.sqrt(3), abs=0.1)


def test_too_few_codes() -> None:
    few = slice(0, 12)
    with pytest.raises(ConfigError, match="only 4 of the images to fit have a code and label 0: too few for .* of 5"):
        CodeMixtures(codes()[few], LABELS[few], 5, seed=1)
    with pytest.raises(ConfigError, match="only 0 of .* label 7"):
        CodeMixtures(codes(), LABELS, 2, seed=1, classes=np.array([7]))
    # Those of other classes do not matter.
    CodeMixtures(codes()[few], np.minimum(LABELS[few], 1), 5, seed=1, classes=np.array([1]))


def test_apportion() -> None:
    labels = np.repeat([0, 1, 3], [50, 30, 20])
    assert apportion(labels, 10).tolist() == [0] * 5 + [1] * 3 + [3] * 2
    assert apportion(labels, 3).tolist() == [0, 1, 3]  # 1.5, 0.9, 0.6
    assert apportion(labels, 1).tolist() == [0]
    for count in range(1, 40):
        assert len(apportion(labels, count)) == count
