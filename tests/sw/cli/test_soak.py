"""``onward soak``: short trials pass, and a weight that differs makes them fail."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest

from onward.sw.driver.link_board import LinkBoard
from onward.sw.soak.kills import KillTrial
from onward.sw.soak.line import LineTrial
from onward.sw.soak.resets import ResetTrial

from .conftest import Run

pytestmark = pytest.mark.xdist_group("sim-tiny")


def test_short_trials(run: Run) -> None:
    options = ("--samples", 200, "--damaged", 0.04, "--resets", 2, "--kills", 2, "--kill-epochs", 6)
    result = run("soak", *options, "--json", "soak.json", "--markdown", "page.md")
    report: dict[str, Any] = json.loads(Path("soak.json").read_text())
    assert result.exit_code == 0, result.stdout
    assert report["passed"]
    assert report["line"]["used"] == report["line"]["samples"] == 200
    assert report["line"]["clean"] == report["line"]["found"]
    assert sum(report["line"]["faults"].values()) > 5
    assert report["resets"]["resets"] == 2
    assert report["kills"]["kills"] == 2
    assert "soak: passed" in result.stdout
    page = Path("page.md").read_text()
    assert "| 1,000 FF samples, the board reset 2 times |" in page
    assert page.count("| yes |") == 3


def test_a_weight_that_differs(run: Run, monkeypatch: pytest.MonkeyPatch) -> None:
    original = LinkBoard.seed
    monkeypatch.setattr(LinkBoard, "seed", lambda self, seed: original(self, seed ^ 2))
    result = run("soak", "--samples", 50, "--damaged", 0.1, "--resets", 0, "--kills", 0)
    assert result.exit_code == 1
    assert "soak: FAILED" in result.stdout


def test_what_passes() -> None:
    line = LineTrial(5, 20, {"flip": 1}, {}, "a", "a", 5)
    assert line.passed
    assert not LineTrial(5, 20, {"flip": 1}, {}, "a", "b", 5).passed
    assert not LineTrial(5, 20, {"flip": 1}, {}, "a", "a", 6).passed
    assert not LineTrial(5, 20, {}, {}, "a", "a", 5).passed
    assert ResetTrial(5, 1, "a", "a").passed
    assert not ResetTrial(5, 0, "a", "a").passed
    assert not ResetTrial(5, 1, "a", "b").passed
    assert KillTrial(1, 1, 1, "a", ["a", "a"]).passed
    assert not KillTrial(1, 1, 1, "a", ["a", "b"]).passed
    assert not KillTrial(1, 1, 1, "a", ["a"], "onward: something").passed
    assert not KillTrial(0, 0, 1, "a", ["a"]).passed
