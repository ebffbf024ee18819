"""Data sets cut to the shape of a core."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from onward.hw.spec.config import ConfigError
from onward.hw.spec.presets import PRESETS
from onward.sw.data.datasets import Dataset, load
from onward.sw.driver.fitting import fit_dataset

from .driver_data import TINY


def numbered(pixels: int = 784, images: int = 20) -> Dataset:
    """Every pixel shows its place (modulo 251), labels count from 0 to 9 again and again."""
    image = (np.arange(pixels) % 251).astype(np.uint8)
    labels = (np.arange(images) % 10).astype(np.uint8)
    return Dataset("numbered", np.tile(image, (images, 1)), labels, np.tile(image, (5, 1)), labels[:5])


def test_a_set_that_fits_stays_as_it_is() -> None:
    data, fitted = numbered(), fit_dataset(numbered(), PRESETS["ulx3s-85f"])
    for name in ("train_images", "train_labels", "test_images", "test_labels"):
        assert np.array_equal(getattr(data, name), getattr(fitted, name)), name
    assert fitted.name == "numbered"


@given(st.integers(1, 1000), st.integers(2, 12))
def test_any_shape(inputs: int, classes: int) -> None:
    data = numbered()
    fitted = fit_dataset(data, replace(TINY, inputs=inputs, classes=classes))
    for part, images in (("train", 20), ("test", 5)):
        labels = getattr(data, f"{part}_labels")
        kept = labels[labels < classes]
        assert np.array_equal(getattr(fitted, f"{part}_labels"), kept)
        assert getattr(fitted, f"{part}_images").shape == (len(kept), inputs)
        assert len(kept) <= images


@pytest.mark.parametrize(
    ("inputs", "expected"),
    [
        (1, [4]),  # the middle of 3 x 3
        (4, [0, 2, 6, 8]),
        (7, [1, 2, 3, 4, 5, 6, 7]),  # all nine points, but the first and the last
        (9, [0, 1, 2, 3, 4, 5, 6, 7, 8]),
        (11, [0, 1, 2, 3, 4, 5, 6, 7, 8, 0, 0]),
    ],
)
def test_which_pixels_are_kept(inputs: int, expected: list[int]) -> None:
    fitted = fit_dataset(numbered(9), replace(TINY, inputs=inputs))
    assert fitted.train_images[0].tolist() == expected


def test_real_images_keep_their_ink() -> None:
    fitted = fit_dataset(load("mnist-small"), replace(TINY, inputs=100, classes=10))
    # A tenth of the points, so a tenth of the ink; a corner of the image would be empty.
    full = load("mnist-small").train_images.mean()
    assert 0.8 * full < fitted.train_images.mean() < 1.25 * full


def test_refusals() -> None:
    with pytest.raises(ConfigError, match="images of 10 pixels are not square and cannot be reduced to 9 inputs"):
        fit_dataset(numbered(10), replace(TINY, inputs=9))
    data = numbered()
    with pytest.raises(ConfigError, match="numbered has no train image with a label below 3"):
        fit_dataset(replace(data, train_labels=data.train_labels + 3), TINY)
