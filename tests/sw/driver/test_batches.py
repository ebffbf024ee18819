"""Parts of batches."""

from __future__ import annotations

import numpy as np
from hypothesis import given
from hypothesis import strategies as st

from onward.sw.driver.batches import dense, window
from onward.sw.golden.sample import Batch

from .driver_data import TINY, patterns


@given(st.integers(0, 12), st.integers(0, 12))
def test_window(first: int, last: int) -> None:
    first, last = min(first, last), max(first, last)
    images, labels = patterns(12)
    part = window(Batch.from_images(images, labels), first, last)
    expected = Batch.from_images(images[first:last], labels[first:last])
    for name in ("pointers", "index", "value", "labels"):
        assert np.array_equal(getattr(part, name), getattr(expected, name)), name


def test_dense() -> None:
    images, labels = patterns(9)
    images[4] = 0
    batch = Batch.from_images(images, labels)
    assert all((dense(batch, i, TINY.inputs) == image).all() for i, image in enumerate(images))
    assert dense(batch, 0, 30).shape == (30,)
