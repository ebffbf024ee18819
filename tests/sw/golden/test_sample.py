"""Samples from images."""

import numpy as np
from hypothesis import given
from hypothesis import strategies as st

from onward.sw.golden.sample import Batch


@given(st.integers(0, 6), st.integers(1, 30), st.integers(0, 2**32 - 1))
def test_round_trip(count: int, pixels: int, seed: int) -> None:
    rng = np.random.default_rng(seed)
    images = (rng.integers(0, 256, (count, pixels)) * (rng.random((count, pixels)) < 0.4)).astype(np.uint8)
    labels = rng.integers(0, 10, count).astype(np.uint8)
    batch = Batch.from_images(images, labels)
    assert len(batch) == count
    for number in range(count):
        sample = batch[number]
        assert sample.label == labels[number]
        image = np.zeros(pixels, dtype=np.uint8)
        image[sample.index.numpy()] = sample.value.numpy()
        assert (image == images[number]).all()
        assert (sample.value > 0).all()
