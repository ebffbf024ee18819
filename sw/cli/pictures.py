"""Pictures of trainings."""

from __future__ import annotations

import io
import math
from collections.abc import Sequence
from pathlib import Path

import numpy as np
from matplotlib.figure import Figure
from numpy.typing import NDArray

from onward.sw.driver.files import write_file

__all__ = ["draw_digits", "draw_learning_curve"]

_COLUMNS = 10


def draw_learning_curve(path: Path, curve: Sequence[dict[str, float]], title: str, test_error: float) -> None:
    """Draw the training error over the samples, and the test error in the end as a line across; PNG at ``path``."""
    figure = Figure(figsize=(7, 4), layout="constrained")
    axes = figure.add_subplot()
    axes.plot([point["samples"] for point in curve], [point["training_error"] for point in curve], label="training")
    axes.axhline(test_error, color="tab:green", linestyle="--", label=f"test, in the end: {test_error:.2f} %")
    axes.set(title=title, xlabel="samples", ylabel="error in %", ylim=(0, None))
    axes.grid(alpha=0.3)
    axes.legend()
    _save(figure, path)


def draw_digits(path: Path, images: NDArray[np.uint8], labels: NDArray[np.integer], given: NDArray[np.integer]) -> None:
    """Draw images (N, pixels) with the labels they were given; wrong ones in red with the right label behind."""
    side = math.isqrt(images.shape[1])
    rows = -(-len(images) // _COLUMNS)
    figure = Figure(figsize=(_COLUMNS, 1.25 * rows), layout="constrained")
    for i, (image, label, guess) in enumerate(zip(images, labels, given, strict=True)):
        axes = figure.add_subplot(rows, _COLUMNS, i + 1)
        axes.imshow(image[: side * side].reshape(side, side), cmap="gray_r", vmin=0, vmax=255)
        wrong = guess != label
        axes.set_title(f"{guess} (is {label})" if wrong else str(guess), color="tab:red" if wrong else "black", size=9)
        axes.set_axis_off()
    _save(figure, path)


def _save(figure: Figure, path: Path) -> None:
    buffer = io.BytesIO()
    figure.savefig(buffer, format="png", dpi=120)
    write_file(path, buffer.getvalue())
