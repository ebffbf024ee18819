"""``onward train --resume``: trainings that were killed."""

from __future__ import annotations

import json
import os
import random
import signal
import subprocess
import sys
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from .conftest import Run

Refused = Callable[..., str]
Interrupted = Callable[..., None]
TIMES = ("host_samples_per_s", "resumed")
SQUARE = 'base = "tiny"\ninputs = 25\nrows = 400\nelements = 64\nprogram = 1024\n'


def start(*arguments: object) -> subprocess.Popen[bytes]:
    command = [sys.executable, "-m", "onward.sw.cli.main", "train", *map(str, arguments)]
    return subprocess.Popen(command, stdout=subprocess.DEVNULL, stderr=subprocess.PIPE)


def kill(process: subprocess.Popen[bytes], ready: Callable[[], bool], wait: float) -> bool:
    """Kill a process some time after something is ready; returns whether it was still at work."""
    while not ready() and process.poll() is None:
        time.sleep(0.01)
    time.sleep(wait)
    process.send_signal(signal.SIGKILL)
    process.communicate()
    return process.returncode == -signal.SIGKILL


def resumed() -> int:
    return int(json.loads(Path("RUN/training.json").read_text())["resumed"])


def metrics(path: str) -> dict[str, Any]:
    values = json.loads(Path(path, "metrics.json").read_text())
    return {name: value for name, value in values.items() if name not in TIMES}


@pytest.mark.parametrize(
    ("rule", "options"),
    [
        ("ff", ("--preset", "tiny", "--epochs", 30)),
        ("pff", ("--preset", "square.toml", "--set", "codes=6", "--epochs", 8)),
    ],
)
def test_ends_as_if_it_had_never_been_killed(run: Run, rule: str, options: tuple[object, ...]) -> None:
    Path("square.toml").write_text(SQUARE)
    usual = ("--rule", rule, *options, "--dataset", "mnist-small", "--samples", 500, "--validation", 50, "--test", 50)
    usual = (*usual, "--schedule", "cosine")
    began = time.monotonic()
    assert run("train", *usual, "--out", "whole").exit_code == 0
    seconds = time.monotonic() - began
    moments = random.Random(rule)
    process, kills = start(*usual, "--out", "RUN"), 0
    if kill(process, Path("RUN/training.json").exists, moments.uniform(0, seconds / 2)):
        kills += 1
    for i in range(2):
        process = start("--resume", "RUN")
        if kill(process, lambda i=i: resumed() > i, moments.uniform(0, seconds / 2)):  # type: ignore[misc]
            kills += 1
    # A loaded machine may have let one process end before it was killed, but not all.
    assert kills
    if not Path("RUN/metrics.json").exists():
        result = run("train", "--resume", "RUN")
        assert result.exit_code == 0, result.stderr
    assert metrics("RUN") == metrics("whole")
    assert sorted(os.listdir("RUN")) == sorted(os.listdir("whole"))
    assert 1 <= json.loads(Path("RUN/metrics.json").read_text())["resumed"] == resumed() <= 3


def test_finished_run(refused: Refused, trained: Callable[..., dict[str, Any]]) -> None:
    trained("RUN")
    assert refused("train", "--resume", "RUN") == "RUN: is finished, there is nothing to resume"


def test_options_that_agree(run: Run, interrupted: Interrupted) -> None:
    interrupted(1, "--rate", 0.2, "--set", "floor=0.02", "--validation", 20, "--tensorboard")
    options = ("--preset", "tiny", "--samples", 200, "--epochs", 3, "--test", 50, "--rate", 0.2, "--set", "floor=0.02")
    more = (
        "--validation",
        20,
        "--dataset",
        "mnist-small",
        "--out",
        "../work/RUN",
        "--board",
        "golden",
        "--tensorboard",
    )
    result = run("train", "--resume", "RUN", *options, *more)
    assert result.exit_code == 0, result.stderr


def test_options_that_contradict(refused: Refused, interrupted: Interrupted) -> None:
    interrupted(1)
    Path("other.toml").write_text('base = "tiny"\nhidden = [6]\n')
    for options, which in (
        (("--preset", "other.toml"), "--preset is not that of the run;"),
        (("--out", "other"), "--out is not that of the run;"),
        (("--rule", "pff"), "--rule is not that of the run, which is ff;"),
        (("--dataset", "mnist"), "--dataset is not that of the run, which is mnist-small;"),
        (("--samples", 100), "--samples is not that of the run, which is 200;"),
        (("--epochs", 4), "--epochs is not that of the run, which is 3;"),
        (("--seed", 1), "--seed is not that of the run, which is 0;"),
        (("--test", 60), "--test is not that of the run, which is 50;"),
        (("--validation", 10), "--validation is not that of the run, which is 0;"),
        (("--validate-every", 2), "--validate-every is not that of the run, which is 1;"),
        (("--checkpoint-every", 2), "--checkpoint-every is not that of the run, which is 1;"),
        (("--rate", 0.1), "--rate is not that of the run, which is 0.3;"),
        (("--readout-rate", 0.2), "--readout-rate is not that of the run, which is 0.1;"),
        (("--schedule", "cosine"), "--schedule is not that of the run, which is linear;"),
        (("--final", 0.1), "--final is not that of the run, which is 0.05;"),
        (("--set", "floor=0.02"), "--set is not that of the run;"),
        (("--jitter", 1), "--jitter is not that of the run, which is 0;"),
        (("--jitter-until", 0.5), "--jitter-until is not that of the run, which is 0.85;"),
        (("--tensorboard",), "--tensorboard is not that of the run, which is False;"),
    ):
        line = refused("train", "--resume", "RUN", *options)
        assert line == f"RUN: {which} --resume needs no other option"


def test_refusals(refused: Refused, interrupted: Interrupted) -> None:
    assert refused("train", "--resume", "no") == "no: is no run that can be resumed, it has no training.json"
    interrupted(1)
    assert "unknown board 'fpga'" in refused("train", "--resume", "RUN", "--board", "fpga")
    assert "unknown parameter 'x'" in refused("train", "--resume", "RUN", "--set", "x=1")
    path = Path("RUN/training.json")
    text = path.read_text()
    values = json.loads(text)
    path.write_text(json.dumps(values | {"dataset_sha256": "00"}))
    assert refused("train", "--resume", "RUN") == (
        "RUN: mnist-small is not what the training began with, its sha256 differs"
    )
    path.write_text(text[:-9])
    assert refused("train", "--resume", "RUN").startswith("RUN/training.json: cannot be read as a plan: ")
    path.write_text(text)
    Path("RUN/checkpoint.safetensors").write_bytes(b"")
    assert refused("train", "--resume", "RUN").startswith("RUN/checkpoint.safetensors: cannot be read as a checkpoint")
