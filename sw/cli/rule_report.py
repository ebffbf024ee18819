"""The comparison of rules in words: a table, and the formulas behind it."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any

__all__ = ["markdown", "table"]

Row = Mapping[str, Any]

_UNFIT = "-"


def _error(name: str) -> Callable[[Row], str]:
    return lambda row: f"{row[name]:.2f} %"


def _cost(entry: str, name: str, form: str = ",.0f", scale: float = 1, unit: str = "") -> Callable[[Row], str]:
    def cell(row: Row) -> str:
        measured = row["costs"][entry][name]["measured"]
        return "unknown" if measured is None else f"{scale * measured:{form}}{unit}"

    return cell


def _size(name: str) -> Callable[[Row], str]:
    return lambda row: f"{row['costs'][name]:,}"


_LINES: tuple[tuple[str, Callable[[Row], str]], ...] = (
    ("validation error after {samples_first:,} samples, goodness", _error("validation_error_goodness_first")),
    ("the same, readout", _error("validation_error_readout_first")),
    ("validation error after {samples:,} samples, goodness", _error("validation_error_goodness")),
    ("the same, readout", _error("validation_error_readout")),
    ("test error, goodness", _error("test_error_goodness")),
    ("test error, readout", _error("test_error_readout")),
    ("cycles, training", _cost("train", "cycles")),
    ("multipliers busy", _cost("train", "utilisation", ".0f", 100, " %")),
    ("weight rows read, training", _cost("train", "row_reads")),
    ("weight rows written, training", _cost("train", "row_writes")),
    ("bytes to the core and back, training", lambda row: _both(row, "train")),
    ("cycles, inference", _cost("infer", "cycles")),
    ("weight rows read, inference", _cost("infer", "row_reads")),
    ("bytes to the core and back, inference", lambda row: _both(row, "infer")),
    ("weight rows", _size("weight_rows")),
    ("block RAMs for them", _size("weight_blocks")),
    ("vector words", _size("vectors")),
    ("elements", _size("elements")),
    ("scalar registers", _size("scalars")),
    ("bits of these three", _size("state_bits")),
    ("vector words needed at a time", _size("live_vectors")),
    ("elements needed at a time", _size("live_elements")),
    ("bits needed at a time", _size("live_bits")),
    ("instructions, training", _size("instructions")),
)

_FIGURES = {
    "cycles": "cycles",
    "busy_cycles": "busy cycles",
    "row_reads": "rows read",
    "row_writes": "rows written",
    "bytes_to_core": "bytes to the core",
    "bytes_from_core": "bytes back",
}


def _both(row: Row, entry: str) -> str:
    there, back = (_cost(entry, f"bytes_{way}_core")(row) for way in ("to", "from"))
    return there if there == back else f"{there}, {back}"


def table(figures: Row) -> list[list[str]]:
    """Rows of text, the names of the rules first; rules that do not fit have no figures."""
    fits = next(row for row in figures["rules"] if not row["error"])
    cells = [["", *(row["rule"] for row in figures["rules"])]]
    for name, cell in _LINES:
        cells.append([name.format(**fits), *(_UNFIT if row["error"] else cell(row) for row in figures["rules"])])
    return cells


def markdown(figures: Row) -> str:
    """The comparison as a page: what was run, the table, rules that do not fit, and the formulas."""
    network = "-".join(map(str, (figures["inputs"], *figures["hidden"])))
    cells = table(figures)
    lines = [
        f"# Rules on {figures['dataset']}, {figures['preset']}",
        "",
        f"{network} on {figures['lanes']} lanes, {figures['weight_bits']} bits a weight; {figures['images']:,} images,"
        f" {figures['epochs']} epochs, seed {figures['seed']}, the same order for all; rates fall to"
        f" {figures['final']:g}, jitter {figures['jitter']}. Validation: the last {figures['validation_samples']:,}"
        f" training images; test: {figures['test_samples']:,} images, once. Costs: a sample, mean of the first"
        f" {figures['cost_samples']:,} training images with the trained weights, counted by the board"
        f" {figures['cost_board']}.",
        "",
        _line(cells[0]),
        _line(["---", *["---:"] * (len(cells[0]) - 1)]),
        *map(_line, cells[1:]),
        "",
    ]
    lines += [f"{row['rule']} does not fit: {row['error']}.\n" for row in figures["rules"] if row["error"]]
    lines += [
        "## Why",
        "",
        "x: nonzero pixels of a sample; a: share of the elements of streamed vector registers that are not 0; e: the"
        " same of the element memory; r: the same of the errors of a generated image. Cycles are those of"
        " `sw/programs/timing.py`, with these shares.",
        "",
    ]
    for row in figures["rules"]:
        if not row["error"]:
            lines += _formulas(row)
    return "\n".join(lines)


def _formulas(row: Row) -> list[str]:
    lines = [f"### {row['rule']}", "", "| | measured | formula | |", "| --- | ---: | ---: | --- |"]
    for entry, what in (("train", "training"), ("infer", "inference")):
        costs = row["costs"][entry]
        for name, words in _FIGURES.items():
            figure = costs[name]
            measured = "unknown" if figure["measured"] is None else f"{figure['measured']:,.1f}"
            lines.append(_line([f"{what}, {words}", measured, f"{figure['formula']:,.1f}", figure["text"]]))
    costs = row["costs"]["train"]
    load = costs["load"]
    lines += [
        "",
        f"Training: x = {load['nonzero_pixels']:.1f}, a = {load['active']:.3f}, e = {load['elements']:.3f},"
        f" r = {load['residual']:.3f}.",
    ]
    for kind, words in (("reads", "read"), ("writes", "written")):
        parts = "; ".join(f"{name} {text}" for name, text in costs["matrices"][kind].items())
        lines.append(f"Rows {words}: {parts}.")
    return [*lines, ""]


def _line(cells: list[str]) -> str:
    return f"| {' | '.join(cells)} |"
