"""Folders of runs: what a killed training leaves, and how it is found again."""

from __future__ import annotations

import json
import os
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from onward.sw.driver.checkpoint import Checkpoint, CheckpointError
from onward.sw.driver.plan import Plan
from onward.sw.driver.run_folder import RunFolder, RunFolderError
from onward.sw.driver.training_state import TrainingState

from .driver_data import FF, TINY, program, recipe

PLAN = Plan(TINY, recipe(20, 60), "x", "00")
LATEST, PREVIOUS = Path("RUN/checkpoint.safetensors"), Path("RUN/checkpoint-previous.safetensors")


@pytest.fixture(autouse=True)
def work(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)


def checkpoint(samples: int, plan: Plan = PLAN) -> Checkpoint:
    """The start weights as if they were of a network that has learnt from so many samples."""
    rows = FF.initial_weights(program(), samples)[: program().map.used]
    state = TrainingState(samples // 2, np.zeros(samples, np.int64))
    return Checkpoint.from_rows(TINY, plan.recipe, plan.dataset, program().map, rows, state)


def killed(*saved: int) -> None:
    """Leave the folder of a training that was killed after these checkpoints."""
    with RunFolder.create(Path("RUN"), PLAN) as folder:
        for samples in saved:
            folder.save(checkpoint(samples))


def latest() -> tuple[int | None, list[str]]:
    """Samples of the checkpoint to go on from, and what is said about it."""
    said: list[str] = []
    with RunFolder.open(Path("RUN")) as folder:
        found = folder.latest(said.append)
        folder.take_up()
    return found.trained_samples if found else None, said


def test_appears_with_the_plan_in_it() -> None:
    with RunFolder.create(Path("a/RUN"), PLAN) as folder:
        assert (folder.path, folder.resumed) == (Path("a/RUN"), 0)
        assert os.listdir("a") == ["RUN"]
        assert os.listdir("a/RUN") == ["training.json"]
        assert Path("a/RUN").stat().st_mode & 0o777 == 0o755
    values = json.loads(Path("a/RUN/training.json").read_text())
    assert values["config_digest"] == TINY.digest
    assert values["recipe"]["schedule"] == "linear"
    assert values["dataset_sha256"] == "00"
    with RunFolder.open(Path("a/RUN")) as folder:
        assert folder.plan == PLAN


def test_failure_before_a_checkpoint_leaves_nothing() -> None:
    Path("there").mkdir()
    for path in ("RUN", "a/b/RUN", "there/RUN"):
        with pytest.raises(KeyboardInterrupt), RunFolder.create(Path(path), PLAN) as folder:
            (folder.path / "tensorboard").mkdir()
            raise KeyboardInterrupt
    assert os.listdir() == ["there"]
    assert not os.listdir("there")


def test_failure_after_a_checkpoint_leaves_it() -> None:
    with pytest.raises(KeyboardInterrupt), RunFolder.create(Path("RUN"), PLAN) as folder:
        folder.save(checkpoint(20))
        raise KeyboardInterrupt
    assert latest() == (20, [])


def test_folders_that_exist_are_left_alone() -> None:
    Path("RUN").mkdir()
    with pytest.raises(RunFolderError, match="^RUN: exists already"), RunFolder.create(Path("RUN"), PLAN):
        pass
    assert os.listdir() == ["RUN"]


def test_two_checkpoints_are_kept() -> None:
    killed()
    assert latest() == (None, [])
    for i, samples in enumerate((20, 40, 60)):
        with RunFolder.open(Path("RUN")) as folder:
            folder.save(checkpoint(samples))
        assert latest() == (samples, [])
        assert PREVIOUS.exists() == (i > 0)
    assert Checkpoint.load(PREVIOUS).trained_samples == 40


def damage(path: Path) -> None:
    path.write_bytes(path.read_bytes()[:-1])


def test_a_damaged_checkpoint_gives_way_to_the_one_before() -> None:
    killed(20, 40)
    damage(LATEST)
    samples, (line,) = latest()
    assert samples == 20
    assert line.startswith(f"{LATEST}: cannot be read as a checkpoint")
    assert line.endswith("; using checkpoint-previous.safetensors")
    # When it was taken up it took the place of the damaged one, so that the next one does not push it out.
    assert latest() == (20, [])
    with RunFolder.open(Path("RUN")) as folder:
        folder.save(checkpoint(60))
    damage(LATEST)
    assert latest()[0] == 20


def test_killed_between_the_two_steps_of_saving() -> None:
    killed(20, 40)
    os.rename(LATEST, PREVIOUS)
    assert latest() == (40, [])


def test_both_damaged() -> None:
    killed(20, 40)
    damage(LATEST)
    damage(PREVIOUS)
    with pytest.raises(CheckpointError, match="^RUN/checkpoint-previous.safetensors: cannot be read") as caught:
        latest()
    assert "\n" not in str(caught.value)


@pytest.mark.parametrize(
    "other",
    [
        replace(checkpoint(20), state=None),
        replace(checkpoint(20), dataset="y"),
        checkpoint(20, replace(PLAN, recipe=recipe(20, 60, seed=9))),
    ],
)
def test_a_checkpoint_of_another_training(other: Checkpoint) -> None:
    killed(20)
    other.save(LATEST)
    with pytest.raises(CheckpointError, match="is not of the training in training.json"):
        latest()


def test_taking_up_counts_and_clears() -> None:
    killed(20)
    Path("RUN/.checkpoint.safetensors-abc").touch()
    Path("RUN/.training.json-abc").touch()
    for i in (1, 2):
        with RunFolder.open(Path("RUN")) as folder:
            folder.take_up()
            assert folder.resumed == i
    assert sorted(os.listdir("RUN")) == ["checkpoint.safetensors", "training.json"]
    with RunFolder.open(Path("RUN")) as folder:
        assert (folder.plan, folder.resumed) == (PLAN, 2)


def test_finished() -> None:
    killed(20, 40)
    with RunFolder.open(Path("RUN")) as folder:
        folder.finish(replace(checkpoint(60), state=None), b"{}")
    assert sorted(os.listdir("RUN")) == ["checkpoint.safetensors", "metrics.json", "training.json"]
    assert Checkpoint.load(LATEST).finished
    with pytest.raises(RunFolderError, match="^RUN: is finished, there is nothing to resume$"):
        latest()


def test_one_process_at_a_time() -> None:
    killed(20)
    with (
        RunFolder.open(Path("RUN")),
        pytest.raises(RunFolderError, match="^RUN: another process is training in it$"),
        RunFolder.open(Path("RUN")),
    ):
        pass
    assert latest() == (20, [])


def test_no_run() -> None:
    Path("RUN").mkdir()
    for path in ("RUN", "no"):
        with pytest.raises(RunFolderError, match=f"^{path}: is no run that can be resumed"), RunFolder.open(Path(path)):
            pass


@pytest.mark.parametrize(
    ("change", "reason"),
    [
        (lambda values: values.pop("resumed"), "'resumed'"),
        (lambda values: values.pop("recipe"), "lacks 'recipe'"),
        (lambda values: values["config"].update(lanes=0), "lanes must be 1 to 1024, not 0"),
        (lambda values: values["config"].update(rows=90), "its configuration has been changed"),
        (lambda values: values["recipe"].update(schedule="stairs"), "unknown schedule 'stairs'"),
    ],
)
def test_a_changed_plan(change: Callable[[dict[str, Any]], object], reason: str) -> None:
    killed()
    path = Path("RUN/training.json")
    values = json.loads(path.read_text())
    change(values)
    path.write_text(json.dumps(values))
    with pytest.raises(RunFolderError, match=f"^RUN/training.json: cannot be read as a plan: .*{reason}"):
        latest()


@pytest.mark.parametrize("text", ["", "{", "[]", "5", "\xff"])
def test_a_plan_that_is_none(text: str) -> None:
    killed()
    Path("RUN/training.json").write_bytes(text.encode("latin-1"))
    with pytest.raises(RunFolderError, match="^RUN/training.json: cannot be read as a plan: "):
        latest()


def test_networks_of_any_run() -> None:
    said: list[str] = []
    killed(20, 40)
    assert RunFolder.find_checkpoint(Path("RUN"), said.append).trained_samples == 40
    damage(LATEST)
    assert not said
    for _ in range(2):
        # Nothing is moved by reading.
        assert RunFolder.find_checkpoint(Path("RUN"), said.append).trained_samples == 20
    assert len(said) == 2
    with pytest.raises(CheckpointError, match="is for another core"):
        RunFolder.find_checkpoint(Path("RUN"), said.append, replace(TINY, name="wide", hidden=(7, 5)))
    os.unlink(LATEST)
    os.unlink(PREVIOUS)
    with pytest.raises(CheckpointError, match="^RUN: its training was stopped before the first checkpoint$"):
        RunFolder.find_checkpoint(Path("RUN"), said.append)
    with pytest.raises(CheckpointError, match="no/checkpoint.safetensors: there is no such checkpoint"):
        RunFolder.find_checkpoint(Path("no"), said.append)
