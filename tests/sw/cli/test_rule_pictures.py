"""Pictures of the comparison of rules."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np
from matplotlib.image import imread

from onward.sw.cli.rule_pictures import draw_rules, draw_scaling
from onward.sw.studies.scaling import AXES, FIGURES


def rules_of(cycles: float | None, last: float = 3.0) -> dict[str, Any]:
    curve = [
        {"samples": 100 * i, "validation_error_goodness": error, "validation_error_readout": error + 1}
        for i, error in ((1, 9.0), (2, last))
    ]
    figure = {name: {"measured": 100.0} for name in ("row_reads", "row_writes")} | {"cycles": {"measured": cycles}}
    row = {"rule": "ff", "error": None, "validation_curve": curve, "costs": {"train": figure, "infer": figure}}
    return {"rules": [row, {"rule": "pff", "error": "too big"}]}


def test_rules(tmp_path: Path) -> None:
    pictures = []
    for name, figures in (("a", rules_of(100)), ("b", rules_of(200)), ("c", rules_of(100, 5.0))):
        draw_rules(tmp_path / f"{name}.png", figures)
        pictures.append(imread(tmp_path / f"{name}.png"))
    assert not np.array_equal(pictures[0], pictures[1])
    assert not np.array_equal(pictures[0], pictures[2])


def test_no_cycles_and_no_errors_can_be_drawn(tmp_path: Path) -> None:
    draw_rules(tmp_path / "a.png", rules_of(None, 0.0))
    assert imread(tmp_path / "a.png").any()


def test_scaling(tmp_path: Path) -> None:
    points = [
        {"axis": axis, "value": value, "rule": rule, "error": None} | dict.fromkeys(FIGURES, cost * value)
        for axis in AXES
        for rule, cost in (("ff", 10), ("bp", 7))
        for value in (1, 2, 4)
    ]
    unfit = {"axis": "depth", "value": 4, "rule": "pff", "error": "too deep"}
    figures = {"axes": AXES, "figures": FIGURES, "points": [*points, unfit]}
    draw_scaling(tmp_path / "a.png", figures)
    draw_scaling(tmp_path / "b.png", figures | {"points": points[:-1]})
    draw_scaling(tmp_path / "c.png", figures | {"points": []})
    a, b, c = (imread(tmp_path / f"{name}.png") for name in "abc")
    assert not np.array_equal(a, b)
    assert c.any()
