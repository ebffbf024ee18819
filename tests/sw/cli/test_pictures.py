"""Pictures."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest
from matplotlib.image import imread
from numpy.typing import NDArray

from onward.sw.cli import pictures
from onward.sw.cli.pictures import draw_digits, draw_generated, draw_learning_curve, draw_reconstructions


def test_learning_curve(tmp_path: Path) -> None:
    curve = [{"samples": 10 * i, "training_error": 50.0 / i} for i in range(1, 20)]
    draw_learning_curve(tmp_path / "a.png", curve, "title", 4.2)
    draw_learning_curve(tmp_path / "b.png", curve[:5], "title", 4.2)
    a, b = imread(tmp_path / "a.png"), imread(tmp_path / "b.png")
    assert a.shape == (480, 840, 4)
    assert not np.array_equal(a, b)


def test_learning_curve_with_validation(tmp_path: Path) -> None:
    curve = [{"samples": 10 * i, "training_error": 50.0 / i} for i in range(1, 20)]
    points = [
        {"samples": 60 * i, "validation_error_goodness": 20.0 / i, "validation_error_readout": 30.0 / i}
        for i in (1, 2, 3)
    ]
    for name, test, validation in (("plain", None, []), ("test", 4.2, []), ("both", 4.2, points)):
        draw_learning_curve(tmp_path / f"{name}.png", curve, "title", test, validation)
    sheets = {name: imread(tmp_path / f"{name}.png") for name in ("plain", "test", "both")}

    def orange(sheet: NDArray[np.floating]) -> bool:
        return bool(((sheet[..., 0] > 0.9) & (abs(sheet[..., 1] - 0.5) < 0.05) & (sheet[..., 2] < 0.1)).any())

    def green(sheet: NDArray[np.floating]) -> bool:
        return bool(((sheet[..., 0] < 0.3) & (sheet[..., 1] > 0.6) & (sheet[..., 2] < 0.3)).any())

    assert [orange(sheet) for sheet in sheets.values()] == [False, False, True]
    assert [green(sheet) for sheet in sheets.values()] == [False, True, True]


@pytest.mark.parametrize(
    ("errors", "scale"), [((50, 10, 5), "log"), ((50, 10, 6), "linear"), ((50, 5, 0), "linear"), ((0, 0, 0), "linear")]
)
def test_scale_of_the_learning_curve(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, errors: tuple[float, ...], scale: str
) -> None:
    scales = []
    monkeypatch.setattr(pictures, "save_figure", lambda figure, path: scales.append(figure.axes[0].get_yscale()))
    curve = [{"samples": i, "training_error": error} for i, error in enumerate(errors)]
    draw_learning_curve(tmp_path / "a.png", curve, "title", None)
    assert scales == [scale]


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


def test_generated(tmp_path: Path) -> None:
    images = np.zeros((12, 28 * 28))
    images[11, 0] = 1
    draw_generated(tmp_path / "a.png", images, np.arange(12) % 10)
    sheet = imread(tmp_path / "a.png")[..., 0]
    assert sheet.shape == (2 * 106 + 6, 10 * 90 + 6)
    # Each pixel is a square of three dots; the last image is the second of the second row, below its label.
    assert (sheet[106 + 22 : 106 + 25, 96:99] == 0).all()
    assert (sheet[106 + 22 : 106 + 106, 99:] == 1).all()
    titles = [sheet[y : y + 22, 6:90].min() < 0.5 for y in (0, 106)]
    assert titles == [True, True]
    assert (sheet[106 : 106 + 22, 186:] == 1).all()


def test_reconstructions(tmp_path: Path) -> None:
    kinds = [("image", np.zeros((23, 784))), ("made", np.ones((23, 784)))]
    draw_reconstructions(tmp_path / "a.png", kinds, "title")
    sheet = imread(tmp_path / "a.png")[..., 0]
    assert sheet.shape == (44 + 2 * 192, 150 + 20 * 90 + 6)
    dark = sheet[:, 150:] == 0
    # Two blocks of two rows; in the second block there are three images.
    assert [bool(dark[y + 40, :84].all()) for y in (44, 134, 236, 326)] == [False, True, False, True]
    assert [bool(dark[326 + 40, x : x + 84].all()) for x in (0, 90, 180, 270)] == [True, True, True, False]
    assert (sheet[44 : 44 + 84, :150] < 0.5).any()


def test_a_single_image_larger_than_its_place(tmp_path: Path) -> None:
    draw_generated(tmp_path / "a.png", np.ones((1, 100 * 100)), np.array([3]))
    assert imread(tmp_path / "a.png").shape[:2] == (112, 96)
