"""Data of the driver's tests."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from onward.hw.spec.config import CoreConfig
from onward.hw.spec.presets import PRESETS
from onward.sw.driver.recipe import Recipe
from onward.sw.driver.rules import RULES
from onward.sw.golden.sample import Batch
from onward.sw.programs.assembler import Program

__all__ = ["FF", "TINY", "batch_of", "patterns", "program", "recipe"]

TINY = PRESETS["tiny"]
FF = RULES["ff"]


def patterns(count: int, config: CoreConfig = TINY, seed: int = 0) -> tuple[NDArray[np.uint8], NDArray[np.uint8]]:
    """Images and labels that can be learnt: each class lights a third of the pixels, and some noise."""
    random = np.random.default_rng(seed)
    labels = random.integers(0, config.classes, count).astype(np.uint8)
    lit = np.arange(config.inputs)[None] % config.classes == labels[:, None]
    noise = random.integers(0, 80, (count, config.inputs)) * (random.random((count, config.inputs)) < 0.3)
    return np.where(lit, random.integers(120, 256, noise.shape), noise).astype(np.uint8), labels


def batch_of(count: int, config: CoreConfig = TINY, seed: int = 0) -> Batch:
    """The same as a batch."""
    return Batch.from_images(*patterns(count, config, seed))


def program(config: CoreConfig = TINY) -> Program:
    """The FF program of a core."""
    return FF.build(config, FF.parameters)


def recipe(images: int, samples: int | None = None, seed: int = 3, jitter: int = 0, final: float = 0.05) -> Recipe:
    """An FF training."""
    return Recipe("ff", images, samples or images, FF.parameters, seed, final, jitter)
