"""``onward compare``."""

from __future__ import annotations

import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from onward.hw.spec.presets import PRESETS

from ..driver.model_core import ModelCore, PtyCore
from .conftest import Run

COMPARE = ("compare", "--preset", "tiny", "--samples", 200, "--seed", 4)


def test_equal(run: Run, trained: Callable[..., dict[str, Any]]) -> None:
    with PtyCore(ModelCore(PRESETS["tiny"]).feed) as core:
        boards = f"golden,serial:{core.port}"
        result = run(*COMPARE, "--boards", boards, "--json", "a.json")
    assert result.exit_code == 0
    assert result.stdout.startswith("equal: 200 samples, every output and every weight (sha256 ")
    report = json.loads(Path("a.json").read_text())
    assert report["equal"] is True
    assert report["samples"] == 200
    assert report["difference"] is None
    # Both are the weights that training alone gives.
    assert set(report["weights_sha256"]) == set(boards.split(","))
    assert set(report["weights_sha256"].values()) == {trained("RUN", "--seed", 4)["weights_sha256"]}


@pytest.mark.parametrize(
    "sizes",
    [
        "inputs = 50\nhidden = [7]\nclasses = 4\nlanes = 3",
        "inputs = 900\nhidden = [5, 9, 4]\nclasses = 12\nlanes = 16",
        "inputs = 1\nhidden = [1]\nclasses = 2\nlanes = 1",
    ],
)
def test_sizes_that_are_no_presets(run: Run, sizes: str) -> None:
    Path("my.toml").write_text(f"{sizes}\nrows = 2048\nvectors = 64\n")
    result = run("compare", "--preset", "my.toml", "--boards", "golden,golden", "--samples", 60)
    assert result.exit_code == 0, result.stderr


def test_more_samples_than_images(run: Run) -> None:
    result = run("compare", "--preset", "tiny", "--boards", "golden,golden", "--samples", 4000, "--json", "a.json")
    assert result.exit_code == 0
    assert json.loads(Path("a.json").read_text())["samples"] == 4000


def test_injected_fault(run: Run) -> None:
    result = run(*COMPARE, "--boards", "golden,golden", "--inject-fault", "--json", "a.json")
    assert result.exit_code == 1
    report = json.loads(Path("a.json").read_text())
    assert report["equal"] is False
    assert len(set(report["weights_sha256"].values())) == 2
    difference = report["difference"]
    assert difference["sample"] == 100
    assert difference["matrix"] == "W1"
    assert abs(difference["values"]["golden"] - difference["values"]["golden (2)"]) == 2048
    lines = result.stdout.splitlines()
    assert lines[0].startswith("NOT EQUAL after ")
    assert f"matrix W1, row {difference['row']}" in lines[1]
    assert lines[2].startswith(f"instruction {difference['instruction']}: ST ")


@pytest.mark.parametrize(
    ("boards", "reason"),
    [
        ("golden", "--boards takes two boards, such as golden,sim, not 'golden'"),
        ("golden,golden,golden", "--boards takes two boards"),
        ("golden,silver", "unknown board 'silver'"),
        ("golden,serial:/dev/nowhere", "cannot open the port: No such file or directory"),
    ],
)
def test_refusals(refused: Callable[..., str], boards: str, reason: str) -> None:
    assert reason in refused(*COMPARE, "--boards", boards)
