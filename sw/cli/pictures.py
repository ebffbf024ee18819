"""Pictures of trainings, and of what trained networks see and make."""

from __future__ import annotations

import io
import math
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

import numpy as np
from matplotlib.figure import Figure
from matplotlib.ticker import LogLocator, NullFormatter
from numpy.typing import NDArray

from onward.sw.driver.files import write_file

__all__ = ["draw_digits", "draw_generated", "draw_learning_curve", "draw_reconstructions", "save_figure"]

_COLUMNS = 10
_DPI = 120
_DOTS = 84
"""Across an image on a sheet, or a little less: three dots for a pixel of MNIST."""
_GAP = 6
_LINE = 22
"""Height of a line of text in dots."""


def draw_learning_curve(
    path: Path,
    curve: Sequence[Mapping[str, float]],
    title: str,
    test_error: float | None,
    validation: Sequence[Mapping[str, float]] = (),
) -> None:
    """Draw training and validation errors over the samples, and the test error as a line across; PNG at ``path``.

    The scale is logarithmic if no error is zero and the largest is ten times the smallest.
    """
    figure = Figure(figsize=(7, 4), layout="constrained")
    axes = figure.add_subplot()
    lines = [("training", curve, "training_error", "tab:blue", "")]
    lines += [
        (f"validation, {name}: {validation[-1][key]:.2f} %", validation, key, colour, marker)
        for name, key, colour, marker in (
            ("goodness", "validation_error_goodness", "tab:orange", "o"),
            ("readout", "validation_error_readout", "tab:red", "s"),
        )
        if validation
    ]
    errors = [] if test_error is None else [test_error]
    for label, points, key, colour, marker in lines:
        values = [point[key] for point in points]
        errors += values
        x = [point["samples"] for point in points]
        axes.plot(x, values, label=label, color=colour, marker=marker, markersize=4)
    if test_error is not None:
        axes.axhline(test_error, color="tab:green", linestyle="--", label=f"test, in the end: {test_error:.2f} %")
    axes.set(title=title, xlabel="samples", ylabel="error in %")
    if min(errors) > 0 and max(errors) >= 10 * min(errors):
        axes.set_yscale("log")
        axes.yaxis.set_major_locator(LogLocator(subs=(1, 2, 5)))
        axes.yaxis.set_major_formatter("{x:g}")
        axes.yaxis.set_minor_formatter(NullFormatter())
    else:
        axes.set_ylim(0, None)
    axes.grid(alpha=0.3)
    axes.legend()
    save_figure(figure, path)


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
    save_figure(figure, path)


def draw_reconstructions(path: Path, kinds: Sequence[tuple[str, NDArray[np.floating]]], title: str) -> None:
    """Draw kinds of the same images, each a name and (N, pixels) from 0 to 1, below one another; PNG at ``path``."""
    names, count = 150, len(kinds[0][1])
    columns, blocks = min(count, 2 * _COLUMNS), -(-count // (2 * _COLUMNS))
    height = len(kinds) * (_DOTS + _GAP) + _GAP
    sheet = _Sheet(names + columns * (_DOTS + _GAP) + _GAP, 2 * _LINE + blocks * (height + _GAP))
    sheet.text(names, _LINE, title, size=12)
    for i in range(count):
        block, column = divmod(i, columns)
        for row, (name, images) in enumerate(kinds):
            y = 2 * _LINE + block * (height + _GAP) + row * (_DOTS + _GAP)
            sheet.image(names + column * (_DOTS + _GAP), y, images[i])
            if column == 0:
                sheet.text(names - 2 * _GAP, y + _DOTS / 2, name, ha="right", size=11)
    sheet.save(path)


def draw_generated(path: Path, images: NDArray[np.floating], labels: NDArray[np.integer]) -> None:
    """Draw images (N, pixels) from 0 to 1 in rows of ten, each below its label; PNG at ``path``."""
    columns, rows = min(len(images), _COLUMNS), -(-len(images) // _COLUMNS)
    sheet = _Sheet(columns * (_DOTS + _GAP) + _GAP, rows * (_LINE + _DOTS) + _GAP)
    for i, (image, label) in enumerate(zip(images, labels, strict=True)):
        row, column = divmod(i, columns)
        x, y = _GAP + column * (_DOTS + _GAP), row * (_LINE + _DOTS)
        sheet.text(x + _DOTS / 2, y + _LINE / 2, str(label), ha="center", size=9)
        sheet.image(x, y + _LINE, image)
    sheet.save(path)


class _Sheet:
    """Images and text, placed in dots from the upper left corner.

    An image is enlarged by a whole number, so that all of its pixels are equally large, and no axes are needed: those
    of a thousand images would take a minute.
    """

    def __init__(self, width: int, height: int) -> None:
        self._canvas = np.zeros((height, width))
        self._figure = Figure(figsize=(width / _DPI, height / _DPI), dpi=_DPI)

    def image(self, x: int, y: int, pixels: NDArray[np.floating]) -> None:
        """Place a square image of pixels from 0 to 1."""
        side = math.isqrt(len(pixels))
        scale = max(1, _DOTS // side)
        # What a larger image than the place has is cut off.
        enlarged = np.kron(pixels.reshape(side, side), np.ones((scale, scale)))[:_DOTS, :_DOTS]
        self._canvas[y : y + len(enlarged), x : x + len(enlarged)] = enlarged

    def text(self, x: float, y: float, text: str, **style: Any) -> None:
        """Place a line of text, by default from ``x`` on, its middle at ``y``."""
        height, width = self._canvas.shape
        self._figure.text(x / width, 1 - y / height, text, va="center", **style)

    def save(self, path: Path) -> None:
        self._figure.figimage(self._canvas, cmap="gray_r", vmin=0, vmax=1, origin="upper")
        save_figure(self._figure, path)


def save_figure(figure: Figure, path: Path) -> None:
    """Write a figure as PNG; it appears complete, by a rename."""
    buffer = io.BytesIO()
    figure.savefig(buffer, format="png", dpi=_DPI)
    write_file(path, buffer.getvalue())
