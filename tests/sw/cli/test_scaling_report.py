"""Growth in words."""

from __future__ import annotations

from typing import Any

import pytest

from onward.sw.cli.scaling_report import growth_rows, markdown
from onward.sw.studies.scaling import AXES, FIGURES


def figures_of(costs: dict[str, dict[int, float]], checks: list[dict[str, Any]] | None = None) -> dict[str, Any]:
    """Rules whose figures are all the same, over width."""
    points = [
        {"axis": "width", "value": value, "rule": rule, "error": None} | dict.fromkeys(FIGURES, cost)
        for rule, at in costs.items()
        for value, cost in at.items()
    ]
    points.append({"axis": "width", "value": 9, "rule": "pff", "error": "too wide"})
    points.append({"axis": "width", "value": 10, "rule": "pff", "error": "too wide"})
    figures: dict[str, Any] = {
        "preset": "p",
        "inputs": 4,
        "hidden": [2, 3],
        "lanes": 5,
        "count": 6,
        "warm": 7000,
        "dataset": "d",
        "seed": 8,
        "axes": AXES,
        "figures": FIGURES,
        "rules": [*costs, "pff"],
        "points": points,
        "checks": checks or [],
    }
    return figures | {"growth": growth_rows(figures)}


def test_growth_of_each_rule() -> None:
    rows = growth_rows(figures_of({"ff": {1: 10, 2: 20, 4: 80}, "bp": {1: 5}}))
    assert {row["rule"] for row in rows} == {"ff"}
    assert [row["figure"] for row in rows] == list(FIGURES)
    row = rows[0]
    assert (row["axis"], row["from"], row["to"], row["first"], row["last"]) == ("width", 1, 4, 10, 80)
    assert (row["exponent"], row["exponent_last"], row["step"]) == (pytest.approx(1.5), pytest.approx(2), 30)


def test_page() -> None:
    page = markdown(figures_of({"ff": {1: 1000, 2: 4000}, "bp": {1: 5, 2: 5}}))
    assert "4-2-3 on 5 lanes" in page
    assert "mean of 6 images of d after 7,000 others were learned, seed 8;" in page
    assert "|  | ff, 1 to 2 | bp, 1 to 2 |" in page
    assert "| cycles, training | 1,000 to 4,000; 2.00, 2.00 | 5 to 5; 0.00, 0.00 |" in page
    assert "## Depth" not in page
    assert page.count("pff does not fit width 9, 10: too wide.") == 1


def test_checks() -> None:
    check = {
        "axis": "lanes",
        "value": 8,
        "rule": "ff",
        "train_cycles": 1000,
        "train_cycles_predicted": 990,
        "infer_cycles": 200,
        "infer_cycles_predicted": 210,
        "differences": [],
    }
    page = markdown(figures_of({"ff": {1: 1, 2: 2}}, [check, check | {"differences": ["train: results"]}]))
    assert "| lanes 8 | ff | 1,000 | 990 | -1.0 % | 200 | 210 | +5.0 % | yes |" in page
    assert "| no: train: results |" in page
