"""Pictures of studies: comparisons over seeds, and values against the range of their formats."""

from __future__ import annotations

import math
from collections.abc import Sequence
from pathlib import Path
from typing import Any

from matplotlib.axes import Axes
from matplotlib.figure import Figure
from matplotlib.patches import Patch

from onward.sw.studies.groups import Group, cell_text
from onward.sw.studies.ranges import Distribution

from .pictures import save_figure

__all__ = ["draw_comparison", "draw_ranges"]


def draw_comparison(path: Path, groups: Sequence[Group], x: str, y: str, group: str | None) -> None:
    """Draw the mean of column ``y`` over column ``x``, a line for each value of ``group``; PNG at ``path``.

    The values of each group are those of x and, if there is one, of the group. Bars are a standard deviation to either
    side. What has no x, such as a net in float where x is a number of bits, is a line across.
    """
    figure = Figure(figsize=(7, 4.5), layout="constrained")
    axes = figure.add_subplot()
    values = [each.values[0] for each in groups if each.values[0] is not None]
    numeric = all(isinstance(value, int | float) for value in values)
    places = sorted(set(values)) if numeric else list(dict.fromkeys(map(cell_text, values)))
    lines: dict[str, list[Group]] = {}
    for each in groups:
        lines.setdefault(cell_text(each.values[1]) if group else "", []).append(each)
    for number, (name, members) in enumerate(lines.items()):
        color = f"C{number % 10}"
        for each in members:
            if each.values[0] is None:
                axes.axhline(
                    each.mean(y) or 0.0, color=color, linestyle="--", label=cell_text(each.rows[0].get("rule"))
                )
        points = [each for each in members if each.values[0] is not None]
        if not points:
            continue
        across = [each.values[0] if numeric else places.index(cell_text(each.values[0])) for each in points]
        points = [each for _, each in sorted(zip(across, points, strict=True), key=lambda pair: pair[0])]
        means = [each.mean(y) or 0.0 for each in points]
        deviations = [each.deviation(y) or 0.0 for each in points]
        axes.errorbar(sorted(across), means, deviations, color=color, marker="o", capsize=3, label=name or None)
    if numeric:
        if len(places) <= 12:
            axes.set_xticks(places)
    else:
        axes.set_xticks(range(len(places)), places)
    runs = sorted({len(each.rows) for each in groups})
    many = f"{runs[0]}" if len(runs) == 1 else f"{runs[0]} to {runs[-1]}"
    title = "one run each" if runs == [1] else f"mean ± standard deviation of {many} runs"
    axes.set(xlabel=x, ylabel=f"{y} in %" if "_error_" in y else y, title=title)
    axes.grid(alpha=0.3)
    if group or len(axes.get_legend_handles_labels()[1]):
        axes.legend(title=group)
    save_figure(figure, path)


def draw_ranges(path: Path, distributions: Sequence[Distribution], title: str) -> None:
    """Draw where the values of each array lie in what its format can hold, in powers of two; PNG at ``path``."""
    figure = Figure(figsize=(9, 1.6 + 0.26 * len(distributions)), layout="constrained")
    axes = figure.add_subplot()
    for row, each in enumerate(distributions):
        _draw_distribution(axes, row, each)
    axes.set_yticks(range(len(distributions)), [f"{each.kind} {each.name}" for each in distributions], fontsize=8)
    axes.set_ylim(len(distributions) - 0.5, -0.5)
    # Room for the notes behind the bars.
    axes.set_xlim(None, max(math.log2(each.limit) for each in distributions) + 6)
    axes.set(xlabel="magnitude, power of two", title=title)
    axes.grid(axis="x", alpha=0.3)
    handles: list[Any] = [
        Patch(color="0.88", label="format: resolution to range"),
        Patch(color="tab:blue", alpha=0.35, label="smallest to largest"),
        Patch(color="tab:blue", label="median to 99.9 %"),
    ]
    axes.legend(handles=handles, loc="upper center", bbox_to_anchor=(0.5, -0.8 / figure.get_figheight()), ncols=3)
    save_figure(figure, path)


def _draw_distribution(axes: Axes, row: int, each: Distribution) -> None:
    low, high = math.log2(each.resolution), math.log2(each.limit)
    axes.barh(row, high - low, left=low, height=0.8, color="0.88")
    note = f"{100 * each.zeros:.0f} % zero"
    if each.smallest > 0:
        _span(axes, row, each.smallest, each.largest, 0.25, 0.35)
        _span(axes, row, each.median, each.quantile, 0.5, 1.0)
    if each.at_limit:
        note += f", {100 * each.at_limit:.2g} % at the limit"
    axes.annotate(note, (high, row), xytext=(4, 0), textcoords="offset points", va="center", fontsize=7)


def _span(axes: Axes, row: int, begin: float, end: float, height: float, alpha: float) -> None:
    """A bar between two magnitudes, wide enough to be seen."""
    left, right = math.log2(begin), math.log2(max(end, begin))
    axes.barh(row, max(right - left, 0.1), left=left, height=height, color="tab:blue", alpha=alpha)
