"""Runs of a comparison: done once, and told from those of another."""

from __future__ import annotations

import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from onward.sw.cli.report import RunError
from onward.sw.cli.rule_runs import check_run, rule_costs
from onward.sw.data.datasets import load
from onward.sw.driver.fitting import fit_dataset
from onward.sw.driver.plan import Plan

from ..driver.driver_data import TINY

Trained = Callable[..., dict[str, Any]]


def test_a_run_of_the_same_plan_is_taken(trained: Trained) -> None:
    trained("RUN")
    values = json.loads(Path("RUN/training.json").read_text())
    del values["resumed"]
    plan = Plan.from_values(values)
    check_run(Path("RUN"), plan)
    check_run(Path("NONE"), plan)
    trained("OTHER", "--seed", 5)
    with pytest.raises(RunError, match="OTHER: was made with another recipe: choose another --out"):
        check_run(Path("OTHER"), plan)
    Path("OTHER/training.json").write_text("{")
    with pytest.raises(RunError, match="OTHER: is no run that this command has made"):
        check_run(Path("OTHER"), plan)


def test_costs_are_kept_until_something_changes(trained: Trained) -> None:
    trained("RUN", "--rule", "bp")
    data = fit_dataset(load("mnist-small"), TINY)
    first = rule_costs(Path("RUN"), "golden", data, 5)
    kept = Path("RUN/costs.json")
    assert {name: value for name, value in json.loads(kept.read_text()).items() if name != "key"} == first
    written = kept.stat().st_mtime_ns
    assert rule_costs(Path("RUN"), "golden", data, 5) == first
    assert kept.stat().st_mtime_ns == written
    assert rule_costs(Path("RUN"), "golden", data, 6)["samples"] == 6
    kept.write_text("damaged")
    assert rule_costs(Path("RUN"), "golden", data, 5) == first
