"""Jitter: every shift occurs, nothing wraps around, and it depends on the seed and epoch only."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from onward.sw.data.augment import jitter


def dots(count: int, row: int = 14, column: int = 14) -> np.ndarray:
    """Images with a single pixel set."""
    images = np.zeros((count, 28, 28), np.uint8)
    images[:, row, column] = 200
    return images.reshape(count, 784)


def offsets(images: np.ndarray) -> list[tuple[int, int]]:
    """How far each dot has moved from the middle, as (row, column)."""
    return [(int(i) // 28 - 14, int(i) % 28 - 14) for i in images.argmax(1)]


@pytest.mark.parametrize("pixels", [1, 2])
def test_every_shift_is_equally_likely(pixels: int) -> None:
    count = 20_000
    moved = offsets(jitter(dots(count), seed=1, epoch=0, pixels=pixels))
    span = range(-pixels, pixels + 1)
    choices = (2 * pixels + 1) ** 2
    counts = {shift: moved.count(shift) for shift in set(moved)}
    assert set(counts) == {(row, column) for row in span for column in span}
    # Six standard deviations of a binomial.
    assert all(abs(c - count / choices) < 6 * (count / choices) ** 0.5 for c in counts.values())


def test_a_dot_in_the_corner_leaves_the_image() -> None:
    images = jitter(dots(900, 0, 0), seed=3, epoch=0)
    kept = np.count_nonzero(images.any(axis=1))
    assert 300 < kept < 500  # four of nine shifts keep it
    assert set(np.flatnonzero(images.any(axis=0)).tolist()) == {0, 1, 28, 29}


def test_whole_image_moves_together() -> None:
    rng = np.random.default_rng(0)
    image = np.zeros((28, 28), np.uint8)
    image[2:26, 2:26] = rng.integers(1, 256, (24, 24))
    for one in jitter(np.tile(image.ravel(), (50, 1)), seed=0, epoch=0, pixels=2):
        shifts = [(row, column) for row in range(-2, 3) for column in range(-2, 3)]
        matches = [np.array_equal(np.roll(image, shift, (0, 1)), one.reshape(28, 28)) for shift in shifts]
        assert sum(matches) == 1


@given(st.integers(0, 2**32), st.integers(0, 1000))
def test_deterministic_from_seed_and_epoch(seed: int, epoch: int) -> None:
    images = dots(64)
    first = jitter(images, seed, epoch)
    assert np.array_equal(first, jitter(images, seed, epoch))
    assert not np.array_equal(first, jitter(images, seed, epoch + 1))
    assert not np.array_equal(first, jitter(images, seed + 1, epoch))


def test_shifts_are_pinned() -> None:
    expected = [(0, 1), (1, -1), (0, -1), (-1, 0), (0, 1), (-1, -1)]
    assert offsets(jitter(dots(6), seed=1, epoch=2)) == expected


def test_input_is_kept_and_zero_pixels_change_nothing() -> None:
    images = dots(5)
    images.setflags(write=False)
    same = jitter(images, 1, 1, pixels=0)
    assert np.array_equal(same, images)
    assert same is not images
    assert jitter(images[:0], 1, 1).shape == (0, 784)


@pytest.mark.parametrize(
    ("shape", "arguments", "message"),
    [
        ((2, 783), (0, 0, 1), r"shape \(2, 783\)"),
        ((2, 25, 25), (0, 0, 1), r"shape \(2, 25, 25\)"),
        ((2, 784), (0, 0, -1), "pixels is -1, expected 0 to 28"),
        ((2, 784), (0, 0, 29), "pixels is 29"),
        ((2, 784), (-1, 0, 1), "seed is -1"),
        ((2, 784), (0, -1, 1), "epoch is -1"),
    ],
)
def test_bad_arguments(shape: tuple[int, ...], arguments: tuple[int, int, int], message: str) -> None:
    with pytest.raises(ValueError, match=message):
        jitter(np.zeros(shape, np.uint8), *arguments)
