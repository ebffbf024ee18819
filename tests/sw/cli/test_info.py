"""``onward info``."""

from __future__ import annotations

import json
from collections.abc import Callable
from pathlib import Path

import pytest

from onward.hw.spec.presets import PRESETS

from .conftest import Run

SMALL = "inputs = 20\nhidden = [6]\nclasses = 3\nlanes = 4\nrows = 60\nvectors = 32\n"


def test_figures(run: Run) -> None:
    result = run("info", "ulx3s-85f", "--json", "a.json")
    assert result.exit_code == 0
    report = json.loads(Path("a.json").read_text())
    assert report["rows"] == 2048
    assert report["rows_used"] == 945
    assert report["weight_blocks"] == 200
    assert report["memory_blocks"] == 208
    assert report["multipliers"] == 132
    assert report["parameters"] == 120_832
    assert report["digest"] == PRESETS["ulx3s-85f"].digest
    assert 500 < report["predicted_cycles_train"] < 2000
    assert report["predicted_cycles_infer"] > 0
    for text in ("784-128-128", "945 of 2,048", "200 block RAMs", "120,832"):
        assert text in result.stdout


def test_predictive_forward_forward(run: Run) -> None:
    result = run("info", "ulx3s-85f", "--rule", "pff", "--listing", "--json", "a.json")
    assert result.exit_code == 0
    report = json.loads(Path("a.json").read_text())
    assert report["rows_used"] == 2047
    assert 3000 < report["predicted_cycles_train"] < 6000
    assert {"train:", "infer:", "reconstruct:", "decode:"} <= set(result.stdout.split())


def test_listing(run: Run) -> None:
    plain, listed = run("info", "tiny").stdout, run("info", "tiny", "--listing").stdout
    assert "train:" not in plain
    assert "train:" in listed
    assert "infer:" in listed
    assert "W1 += LN(x) d" in listed


def test_configuration_from_a_file(run: Run) -> None:
    Path("my.toml").write_text(SMALL)
    result = run("info", "my.toml", "--json", "a.json")
    assert result.exit_code == 0
    assert json.loads(Path("a.json").read_text())["preset"] == "my"


@pytest.mark.parametrize(
    ("change", "reason"),
    [
        ("", "missing lanes"),
        ("lanes = 1025", "lanes must be 1 to 1024, not 1025"),
        ("lanes = 4\nrows = 20", "the weights need at least"),
        ("lanes = 4\nprogram = 40", "the program memory holds 40"),
        ("lanes = 4\nvectors = 2", "more than the core's 2 vector words"),
        ("lanes = 4\nelements = 2", "more than the core's 2 elements"),
        ("lanes = 4\nspeed = 9", "unknown key 'speed'"),
        ("lanes = four", "is not valid TOML"),
    ],
)
def test_impossible_configurations(refused: Callable[..., str], change: str, reason: str) -> None:
    keys = {line.split(" ")[0] for line in change.splitlines()} | {"lanes"}
    kept = [line for line in SMALL.splitlines() if line.split(" ")[0] not in keys]
    Path("my.toml").write_text("\n".join([*kept, change]))
    assert reason in refused("info", "my.toml")


def test_unknown_names(refused: Callable[..., str]) -> None:
    assert "unknown preset 'huge': use one of ulx3s-85f, " in refused("info", "huge")
    assert "cannot read preset 'no.toml': No such file or directory" in refused("info", "no.toml")
    assert refused("info", "tiny", "--rule", "hebb") == "unknown rule 'hebb': use one of ff, pff, sigprop, bp, dfa"
