"""The samples of a training, and whether they fit."""

from __future__ import annotations

import math
from collections.abc import Iterator

import numpy as np
from numpy.typing import NDArray

from onward.hw.spec.config import ConfigError, CoreConfig
from onward.sw.data.augment import jitter
from onward.sw.golden.sample import Batch

from .recipe import Recipe, Step

__all__ = ["check_images", "check_recipe", "training_batches"]


def check_images(config: CoreConfig, images: NDArray[np.uint8], labels: NDArray[np.uint8], wanted: int) -> None:
    """Raise ConfigError unless there are ``wanted`` images, all of the core's inputs and classes."""
    if not 0 < wanted <= len(images):
        raise ConfigError(f"there are {len(images)} images, not {wanted}")
    if images.shape[1] != config.inputs:
        raise ConfigError(
            f"the images have {images.shape[1]} pixels, configuration {config.name!r} has {config.inputs} inputs"
        )
    if labels.max() >= config.classes:
        raise ConfigError(f"label {labels.max()} is none of the {config.classes} classes of {config.name!r}")


def check_recipe(config: CoreConfig, recipe: Recipe, images: NDArray[np.uint8], labels: NDArray[np.uint8]) -> None:
    """Raise ConfigError unless ``recipe`` can be carried out with these images on this core."""
    check_images(config, images, labels, recipe.images)
    if recipe.jitter and math.isqrt(config.inputs) ** 2 != config.inputs:
        raise ConfigError(f"images of {config.inputs} pixels are not square and cannot be shifted")


def training_batches(
    recipe: Recipe,
    images: NDArray[np.uint8],
    labels: NDArray[np.uint8],
    first_step: int = 0,
    last_step: int | None = None,
) -> Iterator[tuple[Step, Batch]]:
    """The steps from ``first_step`` to before ``last_step``, each with its samples, shifted if the recipe says so."""
    images, epoch = images[: recipe.images], -1
    shifted = images
    for step in recipe.steps()[first_step:last_step]:
        if step.epoch != epoch:
            epoch = step.epoch
            shifted = jitter(images, recipe.seed, epoch, recipe.jitter) if recipe.jittered(epoch) else images
        yield step, Batch.from_images(shifted[step.images], labels[step.images])
