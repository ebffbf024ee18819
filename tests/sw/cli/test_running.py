"""Runs that fail or are stopped on their way, and end as if they had not."""

from __future__ import annotations

import json
import os
import shutil
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from onward.hw.spec.presets import PRESETS
from onward.sw.cli import running
from onward.sw.driver.event_log import EventLog

from ..driver.model_core import ModelCore, PtyCore
from .conftest import Run

Trained = Callable[..., dict[str, Any]]
TIMES = ("host_samples_per_s", "resumed")
EPOCHS = ("--epochs", 3, "--validation", 40)


def metrics(path: str = "RUN") -> dict[str, Any]:
    """What does not depend on the time that it took, nor on how often the training was taken up."""
    values = json.loads(Path(path, "metrics.json").read_text())
    return {name: value for name, value in values.items() if name not in TIMES}


def test_resumed_after_ctrl_c(run: Run, trained: Trained, interrupted: Callable[..., None]) -> None:
    trained("whole", *EPOCHS)
    for checkpoints in (1, 2):
        interrupted(checkpoints, *EPOCHS)
        assert not Path("RUN/metrics.json").exists()
        result = run("train", "--resume", "RUN", "--json", "a.json")
        assert (result.exit_code, result.stderr) == (0, "")
        assert metrics() == metrics("whole")
        assert json.loads(Path("a.json").read_text())["resumed"] == 1
        assert sorted(os.listdir("RUN")) == sorted(os.listdir("whole"))
        shutil.rmtree("RUN")


def test_ctrl_c_before_a_checkpoint_leaves_nothing(interrupted: Callable[..., None]) -> None:
    interrupted(0)
    assert not os.listdir()


def test_resumed_on_another_board(run: Run, trained: Trained, interrupted: Callable[..., None]) -> None:
    whole = trained("whole", *EPOCHS)
    interrupted(1, *EPOCHS)
    with PtyCore(ModelCore(PRESETS["tiny"]).feed) as core:
        assert run("train", "--resume", "RUN", "--board", f"serial:{core.port}").exit_code == 0
    assert metrics() == metrics("whole") | {"board": f"serial:{core.port}"}
    assert whole["cycles"] is None


def test_damaged_checkpoint(run: Run, trained: Trained, interrupted: Callable[..., None]) -> None:
    trained("whole", *EPOCHS)
    interrupted(2, *EPOCHS)
    path = Path("RUN/checkpoint.safetensors")
    content = bytearray(path.read_bytes())
    content[-40] ^= 1
    path.write_bytes(content)
    result = run("train", "--resume", "RUN")
    assert result.exit_code == 0
    (line,) = result.stderr.splitlines()
    assert line.startswith(f"onward: {path}: ")
    assert line.endswith("changed: the hash does not match; using checkpoint-previous.safetensors")
    assert metrics() == metrics("whole")


class FailingReplace:
    """In the place of os.replace; fails once, after so many calls."""

    def __init__(self, calls: int) -> None:
        self.calls = calls
        self.replace = os.replace

    def __call__(self, source: Path, target: Path) -> None:
        self.calls -= 1
        if self.calls == -1:
            raise OSError(5, "Input/output error", str(target))
        self.replace(source, target)


def test_failure_at_any_write(run: Run, trained: Trained, monkeypatch: pytest.MonkeyPatch) -> None:
    trained("whole", *EPOCHS)
    usual = ("--preset", "tiny", "--dataset", "mnist-small", "--samples", 200, "--test", 50, "--out", "RUN", *EPOCHS)
    outcomes = []
    for number in range(12):
        with monkeypatch.context() as patch:
            patch.setattr(os, "replace", FailingReplace(number))
            result = run("train", *usual)
        if result.exit_code == 0:
            break
        assert result.exit_code == 2
        assert len(result.stderr.splitlines()) == 1
        outcomes.append(sorted(os.listdir("RUN")) if Path("RUN").exists() else [])
        assert not list(Path("RUN").glob(".*"))
        if outcomes[-1] and "metrics.json" not in outcomes[-1]:
            assert run("train", "--resume", "RUN").exit_code == 0
        if Path("RUN").exists():
            assert metrics() == metrics("whole")
            assert run("eval", "RUN", "--test", 50).stderr == ""
            shutil.rmtree("RUN")
    # The plan and the first checkpoint; two more with those before; picture, metrics, and the checkpoint in the end.
    plan, latest, previous, picture, figures = (
        "training.json",
        "checkpoint.safetensors",
        "checkpoint-previous.safetensors",
        "learning-curve.png",
        "metrics.json",
    )
    assert outcomes == [
        [],
        [],
        [latest, plan],
        [previous, plan],
        sorted([previous, latest, plan]),
        [previous, plan],
        sorted([previous, latest, plan]),
        sorted([previous, latest, plan, picture]),
        sorted([previous, latest, plan, picture, figures]),
    ]


def test_events_are_on_disk_before_a_checkpoint(trained: Trained, monkeypatch: pytest.MonkeyPatch) -> None:
    order: list[str] = []
    flush, save = EventLog.flush, running.RunFolder.save
    monkeypatch.setattr(EventLog, "flush", lambda self: (order.append("flush"), flush(self)))
    monkeypatch.setattr(running.RunFolder, "save", lambda self, made: (order.append("save"), save(self, made)))
    trained("RUN", "--epochs", 2, "--tensorboard")
    assert order == ["flush", "save"] * 2


def test_killed_between_the_last_checkpoint_and_the_metrics(
    run: Run, trained: Trained, monkeypatch: pytest.MonkeyPatch
) -> None:
    def stop(*_: object) -> None:
        raise KeyboardInterrupt

    trained("whole", *EPOCHS)
    with monkeypatch.context() as patch:
        patch.setattr(running, "test_network", stop)
        usual = ("--preset", "tiny", "--dataset", "mnist-small", "--samples", 200, "--test", 50, "--out", "RUN")
        assert run("train", *usual, *EPOCHS).exit_code == 130
    # Nothing is left to train, but the test is still to be made, on a board that knows nothing of the weights.
    assert run("train", "--resume", "RUN").exit_code == 0
    assert metrics() == metrics("whole")
