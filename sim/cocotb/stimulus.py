"""Random weights and samples."""

from __future__ import annotations

import random

import numpy as np
from numpy.typing import NDArray

from onward.hw.spec.config import CoreConfig
from onward.sw.golden.sample import Batch

__all__ = ["random_batch", "random_rows"]


def random_rows(config: CoreConfig, rng: random.Random, count: int) -> dict[int, NDArray[np.int32]]:
    """Weights of all sizes for up to ``count`` rows; now and then only the smallest and largest, or one of these."""
    generator = np.random.default_rng(rng.getrandbits(64))
    low, high = config.weight.min, config.weight.max
    rows = {}
    for row in rng.sample(range(config.rows), min(count, config.rows)):
        if rng.random() < 0.1:
            extremes = rng.choice(((low,), (high,), (low, high)))
            rows[row] = generator.choice(extremes, config.lanes).astype(np.int32)
        else:
            values = generator.integers(low, high + 1, config.lanes, dtype=np.int32)
            rows[row] = values >> rng.randrange(config.weight_bits)
    return rows


def random_batch(config: CoreConfig, rng: random.Random, count: int) -> Batch:
    """Samples of all densities, empty and full ones among them, and of all brightnesses."""
    generator = np.random.default_rng(rng.getrandbits(64))
    density = generator.choice((0.0, 0.2, 0.7, 1.0), (count, 1))
    pixels = np.minimum(255, generator.integers(1, 320, (count, config.inputs)))
    images = pixels * (generator.random((count, config.inputs)) < density)
    return Batch.from_images(images.astype(np.uint8), generator.integers(0, config.classes, count).astype(np.uint8))
