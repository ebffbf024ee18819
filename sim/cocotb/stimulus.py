"""Random weights and samples."""

from __future__ import annotations

import random

import numpy as np
from numpy.typing import NDArray

from onward.hw.spec.config import CoreConfig
from onward.sw.golden.sample import Batch

__all__ = ["random_batch", "random_rows"]


def random_rows(config: CoreConfig, rng: random.Random, count: int) -> dict[int, NDArray[np.int32]]:
    """Weights of all sizes for up to ``count`` rows."""
    generator = np.random.default_rng(rng.getrandbits(64))
    low, high = config.weight.min, config.weight.max + 1
    return {
        row: generator.integers(low, high, config.lanes, dtype=np.int32) >> rng.randrange(config.weight_bits)
        for row in rng.sample(range(config.rows), min(count, config.rows))
    }


def random_batch(config: CoreConfig, rng: random.Random, count: int) -> Batch:
    """Samples of all densities, empty ones among them."""
    generator = np.random.default_rng(rng.getrandbits(64))
    density = generator.choice((0.0, 0.2, 0.7), (count, 1))
    images = generator.integers(1, 256, (count, config.inputs)) * (generator.random((count, config.inputs)) < density)
    return Batch.from_images(images.astype(np.uint8), generator.integers(0, config.classes, count).astype(np.uint8))
