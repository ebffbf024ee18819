"""Pictures."""

from __future__ import annotations

from pathlib import Path

import numpy as np
from matplotlib.image import imread

from onward.sw.cli.pictures import draw_digits, draw_learning_curve


def test_learning_curve(tmp_path: Path) -> None:
    curve = [{"samples": 10 * i, "training_error": 50.0 / i} for i in range(1, 20)]
    draw_learning_curve(tmp_path / "a.png", curve, "title", 4.2)
    draw_learning_curve(tmp_path / "b.png", curve[:5], "title", 4.2)
    a, b = imread(tmp_path / "a.png"), imread(tmp_path / "b.png")
    assert a.shape == (480, 840, 4)
    assert not np.array_equal(a, b)


def test_digits(tmp_path: Path) -> None:
    images = np.random.default_rng(1).integers(0, 256, (13, 28 * 28), dtype=np.uint8)
    labels = np.arange(13) % 10
    draw_digits(tmp_path / "right.png", images, labels, labels)
    draw_digits(tmp_path / "wrong.png", images, labels, (labels + 1) % 10)
    right, wrong = imread(tmp_path / "right.png"), imread(tmp_path / "wrong.png")
    red = [((each[..., 0] > 0.7) & (each[..., 1] < 0.4)).any() for each in (right, wrong)]
    assert red == [False, True]


def test_digits_that_are_no_squares(tmp_path: Path) -> None:
    draw_digits(tmp_path / "a.png", np.full((1, 20), 9, np.uint8), np.array([1]), np.array([1]))
    assert (tmp_path / "a.png").exists()
