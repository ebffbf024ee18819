"""``onward sweep``."""

from __future__ import annotations

import json
import os
import shlex
import signal
import subprocess
import sys
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from onward.sw.studies import engine
from onward.sw.studies.run import Run as StudyRun

from .conftest import Run

STUDY = """
preset = "tiny"
dataset = "mnist-small"
images = 60
test = 40
[grid]
weight_bits = [9, 14]
seed = [0, 1]
"""


@pytest.fixture
def study() -> str:
    Path("a.toml").write_text(STUDY)
    return "a.toml"


def report(folder: str = "out") -> dict[str, Any]:
    found: dict[str, Any] = json.loads(Path(folder, "results.json").read_text())
    return found


def test_sweep(run: Run, study: str) -> None:
    result = run("sweep", study, "--out", "out", "--workers", 1, "--json", "a.json")
    assert result.exit_code == 0, result.stderr
    # No progress in a pipe.
    assert result.stderr == ""
    assert "weight_bits" in result.stdout
    assert result.stdout.count("±") == 1 + 2 * 2
    assert json.loads(Path("a.json").read_text()) == report()
    assert [(row["weight_bits"], row["seed"]) for row in report()["rows"]] == [(9, 0), (9, 1), (14, 0), (14, 1)]
    assert len(Path("out/results.csv").read_text().splitlines()) == 5


def test_rows_equal_the_commands_they_name(run: Run, study: str) -> None:
    assert run("sweep", study, "--out", "out", "--workers", 1).exit_code == 0
    for row in report()["rows"][::3]:
        words = shlex.split(row["command"])
        assert run(*words[1:]).exit_code == 0
        metrics = json.loads((Path(words[-1]) / "metrics.json").read_text())
        same = ("weights_sha256", "test_error_goodness", "test_error_readout", "weight_bits", "samples", "seed")
        assert {name: metrics[name] for name in same} == {name: row[name] for name in same}


def test_rows_with_validation_equal_their_commands(run: Run) -> None:
    Path("a.toml").write_text(STUDY.replace("test = 40", "validation = 40"))
    assert run("sweep", "a.toml", "--out", "out", "--workers", 1).exit_code == 0
    row = report()["rows"][-1]
    words = shlex.split(row["command"])
    assert run(*words[1:]).exit_code == 0
    metrics = json.loads((Path(words[-1]) / "metrics.json").read_text())
    same = ("weights_sha256", "validation_error_goodness", "validation_error_readout")
    assert {name: metrics[name] for name in same} == {name: row[name] for name in same}
    assert row["test_error_goodness"] is None


def test_second_call_does_nothing_again(run: Run, study: str, monkeypatch: pytest.MonkeyPatch) -> None:
    assert run("sweep", study, "--out", "out", "--workers", 1).exit_code == 0
    before = report()

    def fail(run: StudyRun, folder: Path | None) -> dict[str, Any]:
        raise AssertionError("did it again")

    monkeypatch.setattr(engine, "execute", fail)
    assert run("sweep", study, "--out", "out", "--workers", 1).exit_code == 0
    assert report() == before


def test_failures_are_told(run: Run, study: str, monkeypatch: pytest.MonkeyPatch) -> None:
    execute = engine.execute

    def fail(run: StudyRun, folder: Path | None) -> dict[str, Any]:
        if run.recipe.seed == 1 and run.config.weight_bits == 9:
            raise ValueError("bad luck")
        return execute(run, folder)

    with monkeypatch.context() as broken:
        broken.setattr(engine, "execute", fail)
        result = run("sweep", study, "--out", "out", "--workers", 1)
    assert result.exit_code == 2
    assert result.stderr.splitlines() == [
        "onward: weight_bits=9 seed=1: ValueError: bad luck",
        "onward: 1 of 4 runs are not done; the same command does them",
    ]
    assert len(report()["rows"]) == 3
    result = run("sweep", study, "--out", "out", "--workers", 1)
    assert result.exit_code == 0
    assert len(report()["rows"]) == 4


def test_backprop_beside_ff(run: Run) -> None:
    text = STUDY.replace("weight_bits = [9, 14]\n", "") + '[[study]]\nrule = "backprop"\n[[study]]\nrule = "ff"\n'
    Path("a.toml").write_text(text)
    assert run("sweep", "a.toml", "--out", "out", "--workers", 1).exit_code == 0
    assert [row["arithmetic"] for row in report()["rows"]] == ["float", "float", "fixed", "fixed"]


@pytest.mark.parametrize(
    ("text", "reason"),
    [
        ("epoch = 3", "a.toml: unknown key 'epoch'; known are rule, "),
        ("[grid]\nseed = []", "a.toml: grid: seed is an empty list"),
        (
            'preset = "tiny"\ndataset = "mnist-small"\n[grid]\nlanes = [4, 0]',
            "a.toml: lanes=0: lanes must be 1 to 1024",
        ),
        ("", "a.toml: mnist: its four IDX files are not all in "),
    ],
)
def test_refusals(refused: Callable[..., str], text: str, reason: str) -> None:
    Path("a.toml").write_text(text)
    assert refused("sweep", "a.toml", "--out", "out").startswith(reason)


def test_interruption(study: str) -> None:
    Path("a.toml").write_text(STUDY.replace("seed = [0, 1]", "seed = [0, 1]\nepochs = [1, 100000]"))
    process = subprocess.Popen(
        [sys.executable, "-m", "onward.sw.cli.main", "sweep", "a.toml", "--out", "out", "--workers", "1"],
        env=dict(os.environ),
        stderr=subprocess.PIPE,
        stdout=subprocess.DEVNULL,
        text=True,
        # A shell makes what it runs in the background, such as these tests, deaf to it.
        preexec_fn=lambda: signal.signal(signal.SIGINT, signal.SIG_DFL),
    )
    deadline = time.monotonic() + 60
    # The first run is done, the second takes an hour.
    while not list(Path("out/rows").glob("*.json")):
        assert process.poll() is None
        assert time.monotonic() < deadline
        time.sleep(0.1)
    process.send_signal(signal.SIGINT)
    _, told = process.communicate(timeout=60)
    assert process.returncode == 130
    assert told == "onward: 7 of 8 runs are not done; the same command does them\n"
    assert len(report()["rows"]) == 1
