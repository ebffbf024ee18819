"""Data sets for cores of another shape: fewer or more pixels, fewer classes."""

from __future__ import annotations

import math
from dataclasses import replace

import numpy as np
from numpy.typing import NDArray

from onward.hw.spec.config import ConfigError, CoreConfig
from onward.sw.data.datasets import Dataset

__all__ = ["fit_dataset"]


def fit_dataset(dataset: Dataset, config: CoreConfig) -> Dataset:
    """``dataset`` cut to the inputs and classes of ``config``; itself if it fits.

    This is for trying a core of any size on real images, not for figures worth comparing:

    - fewer inputs than pixels: the smallest square grid with enough points, spread evenly over the image, picks the
      pixels; of these the middle ``inputs`` are kept, in reading order;
    - more inputs than pixels: zeros behind the pixels;
    - fewer classes than labels: images of the labels that are too high are left out, the others keep their order.

    Raises
    ------
    ConfigError
        If an image is not square and would have to be reduced, or no image is left.
    """
    pixels = dataset.train_images.shape[1]
    chosen = _chosen_pixels(pixels, config.inputs)
    parts: dict[str, NDArray[np.uint8]] = {}
    for part in ("train", "test"):
        images, labels = getattr(dataset, f"{part}_images"), getattr(dataset, f"{part}_labels")
        kept = labels < config.classes
        if not kept.any():
            raise ConfigError(f"{dataset.name} has no {part} image with a label below {config.classes}")
        if not kept.all():
            images, labels = images[kept], labels[kept]
        if chosen is not None:
            images = images[:, chosen]
        elif config.inputs > pixels:
            images = np.pad(images, ((0, 0), (0, config.inputs - pixels)))
        parts |= {f"{part}_images": images, f"{part}_labels": labels}
    return replace(dataset, **parts)  # type: ignore[arg-type]


def _chosen_pixels(pixels: int, inputs: int) -> NDArray[np.int64] | None:
    """Which pixels of an image become the inputs, or None for all."""
    if inputs >= pixels:
        return None
    side, grid = math.isqrt(pixels), math.isqrt(inputs - 1) + 1
    if side * side != pixels:
        raise ConfigError(f"images of {pixels} pixels are not square and cannot be reduced to {inputs} inputs")
    positions = (2 * np.arange(grid) + 1) * side // (2 * grid)
    points = (positions[:, None] * side + positions).reshape(-1)
    surplus = (len(points) - inputs) // 2
    return points[surplus : surplus + inputs]
