"""``onward demo``."""

from __future__ import annotations

import json
import os
from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest
from numpy.typing import NDArray

from onward.sw.driver.golden_board import GoldenBoard

from .conftest import Run

DEMO = ("demo", "--preset", "tiny", "--samples", 300, "--test", 100, "--board", "golden")


def test_shows_all_there_is(run: Run) -> None:
    result = run(*DEMO, "--json", "a.json")
    assert result.exit_code == 0
    assert sorted(os.listdir("runs/demo")) == ["demo.json", "digits.png", "learning-curve.png"]
    report = json.loads(Path("a.json").read_text())
    assert report == json.loads(Path("runs/demo/demo.json").read_text())
    assert report["equal"] is True
    assert (report["samples"], report["test_samples"], report["dataset"]) == (300, 100, "mnist-small")
    for text in ("test error", "multiplier use", "samples/s at 80 MHz", "yes: every output, every weight"):
        assert text in result.stdout
    assert run(*DEMO).exit_code == 0


def test_difference_is_not_hidden(run: Run, monkeypatch: pytest.MonkeyPatch) -> None:
    reads = iter(range(10))
    read = GoldenBoard._read_rows

    def first_is_wrong(self: GoldenBoard, rows: int) -> NDArray[np.int32]:
        return read(self, rows) + (next(reads) == 0)

    monkeypatch.setattr(GoldenBoard, "_read_rows", first_is_wrong)
    result = run(*DEMO, "--out", "x", "--json", "a.json")
    assert result.exit_code == 1
    assert "NO" in result.stdout
    assert "onward compare --preset tiny --boards golden,golden" in result.stderr
    assert json.loads(Path("a.json").read_text())["equal"] is False


def test_refusals(refused: Callable[..., str]) -> None:
    assert "unknown preset" in refused(*DEMO, "--preset", "huge")
    assert "test images, not 3,000" in refused(*DEMO, "--test", 3000)
    assert "unknown board" in refused(*DEMO, "--board", "fpga")
    Path("file").touch()
    assert "no folder to write in" in refused(*DEMO, "--out", "file/demo")
