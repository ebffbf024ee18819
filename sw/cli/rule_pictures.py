"""Pictures of the comparison of rules: errors and costs, and how costs grow."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

from matplotlib.axes import Axes
from matplotlib.figure import Figure
from matplotlib.ticker import ScalarFormatter

from .pictures import save_figure

__all__ = ["draw_rules", "draw_scaling"]


def draw_rules(path: Path, figures: Mapping[str, Any]) -> None:
    """Draw validation errors over samples, cycles, and weight rows moved, for each rule that fits; PNG at ``path``."""
    rows = [row for row in figures["rules"] if not row["error"]]
    figure = Figure(figsize=(13, 4), layout="constrained")
    error, cycles, traffic = figure.subplots(1, 3)
    for number, row in enumerate(rows):
        across = [point["samples"] for point in row["validation_curve"]]
        for kind, style in (("goodness", "-"), ("readout", ":")):
            errors = [point[f"validation_error_{kind}"] for point in row["validation_curve"]]
            label = row["rule"] if kind == "goodness" else None
            error.plot(across, errors, style, color=f"C{number}", marker="o", markersize=3, label=label)
    error.set(xlabel="training samples", ylabel="validation error in %", title="by goodness, dotted by readout")
    if all(point > 0 for line in error.lines for point in line.get_ydata()):
        error.set_yscale("log")
    error.grid(alpha=0.3)
    error.legend()
    _bars(cycles, rows, (("train", "cycles", "training"), ("infer", "cycles", "inference")), "cycles a sample")
    moved = (("train", "row_reads", "read"), ("train", "row_writes", "written"))
    _bars(traffic, rows, moved, "weight rows a training sample")
    save_figure(figure, path)


def _bars(axes: Axes, rows: Sequence[Mapping[str, Any]], kinds: Sequence[tuple[str, str, str]], title: str) -> None:
    """Bars of a figure of each entry, side by side; what is not known is none."""
    width = 0.8 / len(kinds)
    for number, (entry, name, label) in enumerate(kinds):
        values = [row["costs"][entry][name]["measured"] or 0 for row in rows]
        places = [i + (number - (len(kinds) - 1) / 2) * width for i in range(len(rows))]
        axes.bar_label(axes.bar(places, values, width, label=label), fmt="{:,.0f}", fontsize=7)
    axes.set_xticks(range(len(rows)), [row["rule"] for row in rows])
    axes.set(title=title)
    axes.legend()


def draw_scaling(path: Path, figures: Mapping[str, Any]) -> None:
    """Draw costs over sizes, small multiples: a column for each axis, a row for each figure; PNG at ``path``."""
    axes_names, names = list(figures["axes"]), list(figures["figures"])
    rules = list(dict.fromkeys(point["rule"] for point in figures["points"]))
    figure = Figure(figsize=(3.6 * len(axes_names) + 1, 2.2 * len(names) + 0.5), layout="constrained")
    grid = figure.subplots(len(names), len(axes_names), squeeze=False)
    for row, name in enumerate(names):
        for column, axis in enumerate(axes_names):
            place = grid[row][column]
            for number, rule in enumerate(rules):
                points = [
                    (point["value"], point[name])
                    for point in figures["points"]
                    if point["rule"] == rule and point["axis"] == axis and not point["error"]
                ]
                if points:
                    place.plot(*zip(*points, strict=True), color=f"C{number}", marker="o", markersize=3, label=rule)
            place.set_xscale("log", base=2)
            place.set_yscale("log")
            place.xaxis.set_major_formatter(ScalarFormatter())
            place.grid(alpha=0.3)
            if row == len(names) - 1:
                place.set_xlabel(figures["axes"][axis])
            if column == 0:
                place.set_ylabel(figures["figures"][name])
    handles, labels = grid[0][0].get_legend_handles_labels()
    if labels:
        figure.legend(handles, labels, loc="outside upper center", ncols=len(labels))
    save_figure(figure, path)
