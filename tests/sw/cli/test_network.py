"""Networks of runs that are unfinished."""

from __future__ import annotations

import json
import os
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from onward.sw.cli.network import load_network
from onward.sw.driver.checkpoint import Checkpoint
from onward.sw.driver.metrics import rows_sha256

from .conftest import Run

Interrupted = Callable[..., None]
UNFINISHED = (
    "onward: RUN: is unfinished, this is the network after 200 of 600 samples; onward train --resume RUN continues"
)


def test_what_a_user_is_told(interrupted: Interrupted, capsys: pytest.CaptureFixture[str]) -> None:
    interrupted(1)
    assert load_network(Path("RUN")).trained_samples == 200
    assert capsys.readouterr() == ("", UNFINISHED + "\n")


def test_unfinished_networks_are_used(interrupted: Interrupted, run: Run) -> None:
    interrupted(1)
    result = run("eval", "RUN", "--test", 50, "--json", "a.json")
    assert result.exit_code == 0
    assert result.stderr == UNFINISHED + "\n"
    report = json.loads(Path("a.json").read_text())
    assert (report["finished"], report["trained_samples"], report["test_samples"]) == (False, 200, 50)
    rows = Checkpoint.load(Path("RUN/checkpoint.safetensors")).rows()
    assert report["weights_sha256"] == rows_sha256(rows)


def test_finished_networks_need_no_words(
    trained: Callable[..., dict[str, Any]], capsys: pytest.CaptureFixture[str]
) -> None:
    trained("RUN")
    assert load_network(Path("RUN")).finished
    assert capsys.readouterr().err == ""


def test_the_one_before_a_damaged_one(interrupted: Interrupted, run: Run, refused: Callable[..., str]) -> None:
    interrupted(2)
    latest, previous = Path("RUN/checkpoint.safetensors"), Path("RUN/checkpoint-previous.safetensors")
    latest.write_bytes(latest.read_bytes()[:-1])
    result = run("eval", "RUN", "--test", 50)
    assert result.exit_code == 0
    damaged, unfinished = result.stderr.splitlines()
    assert damaged.startswith(f"onward: {latest}: cannot be read as a checkpoint")
    assert damaged.endswith("; using checkpoint-previous.safetensors")
    assert unfinished == UNFINISHED
    previous.write_bytes(b"")
    assert refused("eval", "RUN").startswith(f"{previous}: cannot be read as a checkpoint")
    os.unlink(latest)
    os.unlink(previous)
    for command in (("eval", "RUN"), ("reconstruct", "RUN", "--out", "a.png"), ("generate", "RUN", "--out", "a.png")):
        assert refused(*command) == "RUN: its training was stopped before the first checkpoint"


def test_unfinished_runs_can_draw(run: Run, interrupted: Interrupted) -> None:
    Path("square.toml").write_text('base = "tiny"\ninputs = 25\nrows = 400\nelements = 64\nprogram = 1024\n')
    interrupted(1, "--preset", "square.toml", "--rule", "pff", "--set", "codes=6")
    result = run("reconstruct", "RUN", "--out", "a.png", "--test", 20, "--count", 5)
    assert result.exit_code == 0
    assert result.stderr == UNFINISHED + "\n"
    assert Path("a.png").exists()
