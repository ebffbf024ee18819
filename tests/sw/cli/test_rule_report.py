"""The comparison in words."""

from __future__ import annotations

from typing import Any

from onward.sw.cli.rule_report import markdown, table

FIGURE = {"measured": 1234.0, "formula": 1200.0, "text": "2 x"}
NAMES = ("cycles", "busy_cycles", "utilisation", "row_reads", "row_writes", "bytes_to_core", "bytes_from_core")


def entry(**changes: Any) -> dict[str, Any]:
    load = {"nonzero_pixels": 150.0, "active": 0.5, "elements": 1.0, "residual": 1.0}
    matrices = {"reads": {"W1": "2 x", "R": "10"}, "writes": {"W1": "x"}}
    return {name: dict(FIGURE) for name in NAMES} | {"load": load, "matrices": matrices} | changes


def row_of(rule: str, **changes: Any) -> dict[str, Any]:
    sizes = ("weight_rows", "weight_blocks", "vectors", "elements", "scalars", "state_bits", "instructions")
    costs = {"train": entry(), "infer": entry()} | dict.fromkeys(sizes, 5000)
    costs |= {"live_vectors": 7, "live_elements": 8, "live_bits": 9}
    errors = ("validation_error_goodness", "validation_error_readout")
    row = {"rule": rule, "error": None, "samples": 60000, "samples_first": 1000, "costs": costs}
    row |= dict.fromkeys((*errors, *(f"{name}_first" for name in errors)), 5.5)
    return row | {"test_error_goodness": 3.25, "test_error_readout": 4.0} | changes


def figures_of(*rows: dict[str, Any]) -> dict[str, Any]:
    return {
        "preset": "p",
        "inputs": 4,
        "hidden": [2, 3],
        "lanes": 5,
        "weight_bits": 14,
        "dataset": "d",
        "images": 60000,
        "epochs": 2,
        "seed": 8,
        "final": 0.05,
        "jitter": 0,
        "validation_samples": 100,
        "test_samples": 200,
        "cost_samples": 30,
        "cost_board": "sim",
        "rules": list(rows),
    }


def line(cells: list[list[str]], name: str) -> list[str]:
    return next(row[1:] for row in cells if row[0] == name)


def test_table() -> None:
    cells = table(figures_of(row_of("ff"), {"rule": "pff", "error": "too big"}))
    assert cells[0] == ["", "ff", "pff"]
    assert line(cells, "test error, goodness") == ["3.25 %", "-"]
    assert line(cells, "validation error after 1,000 samples, goodness") == ["5.50 %", "-"]
    assert line(cells, "cycles, training") == ["1,234", "-"]
    assert line(cells, "bytes to the core and back, training") == ["1,234", "-"]
    assert line(cells, "vector words needed at a time") == ["7", "-"]


def test_what_a_board_does_not_know() -> None:
    unknown = dict(FIGURE, measured=None)
    row = row_of("ff", costs=row_of("ff")["costs"] | {"train": entry(cycles=unknown, bytes_from_core=unknown)})
    cells = table(figures_of(row))
    assert line(cells, "cycles, training") == ["unknown"]
    assert line(cells, "bytes to the core and back, training") == ["1,234, unknown"]
    assert "| training, cycles | unknown | 1,200.0 | 2 x |" in markdown(figures_of(row))


def test_page() -> None:
    page = markdown(figures_of(row_of("ff"), {"rule": "pff", "error": "too big"}))
    assert "4-2-3 on 5 lanes, 14 bits a weight; 60,000 images, 2 epochs, seed 8" in page
    assert "pff does not fit: too big.\n" in page
    assert "| training, rows read | 1,234.0 | 1,200.0 | 2 x |" in page
    assert "Rows read: W1 2 x; R 10." in page
    assert "Training: x = 150.0, a = 0.500, e = 1.000, r = 1.000." in page
    assert "### pff" not in page
