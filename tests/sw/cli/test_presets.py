"""``onward presets``."""

from __future__ import annotations

import json
from collections.abc import Callable
from pathlib import Path

from onward.hw.spec.presets import PRESETS

from .conftest import Run


def test_lists_all(run: Run) -> None:
    result = run("presets", "--json", "a.json")
    assert result.exit_code == 0
    report = json.loads(Path("a.json").read_text())
    assert set(report) == set(PRESETS)
    assert report["ulx3s-85f"]["hidden"] == [128, 128]
    for name, config in PRESETS.items():
        (line,) = (line for line in result.stdout.splitlines() if line.split()[:1] == [name])
        assert str(config.lanes) in line.split()
        assert str(config.rows) in line.split()


def test_report_that_cannot_be_written(refused: Callable[..., str]) -> None:
    assert refused("presets", "--json", "no/a.json") == "no/a.json: its folder does not exist"
