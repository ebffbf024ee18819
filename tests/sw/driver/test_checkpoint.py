"""Checkpoints: what comes back is what was saved, or a line that says why not."""

from __future__ import annotations

import json
import os
from dataclasses import asdict, replace
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from safetensors import safe_open
from safetensors.numpy import save_file

from onward.hw.spec.config import CoreConfig
from onward.sw.driver.checkpoint import Checkpoint, CheckpointError
from onward.sw.driver.metrics import rows_sha256
from onward.sw.driver.training_state import TrainingState

from .driver_data import FF, TINY, program, recipe


def checkpoint(seed: int = 1, config: CoreConfig = TINY) -> Checkpoint:
    made = FF.build(config, FF.parameters)
    rows = FF.initial_weights(made, seed)[: made.map.used]
    return Checkpoint.from_rows(config, recipe(60, 90), "mnist-small", made.map, rows)


def edit(path: Path, metadata: dict[str, str] | None = None, **tensors: Any) -> None:
    """Write the file again with other metadata or tensors; None removes."""
    with safe_open(path, framework="numpy") as file:
        old, arrays = file.metadata(), {name: file.get_tensor(name) for name in file.keys()}  # noqa: SIM118
    arrays = {name: value for name, value in (arrays | tensors).items() if value is not None}
    save_file(arrays, path, old | (metadata or {}))


@pytest.fixture
def path(tmp_path: Path) -> Path:
    saved = tmp_path / "checkpoint.safetensors"
    checkpoint().save(saved)
    return saved


def test_comes_back(path: Path) -> None:
    loaded = Checkpoint.load(path, TINY)
    assert loaded.config == TINY
    assert loaded.recipe == recipe(60, 90)
    assert loaded.dataset == "mnist-small"
    assert (loaded.rows() == FF.initial_weights(program(), 1)[: program().map.used]).all()
    assert os.listdir(path.parent) == [path.name]


def unfinished(steps: int, samples: int) -> Checkpoint:
    return replace(checkpoint(), state=TrainingState(steps, np.arange(samples) % 3, {"cycles": None}, 1.5))


def test_state_of_a_training_comes_back(path: Path) -> None:
    assert Checkpoint.load(path).state is None
    assert (Checkpoint.load(path).finished, Checkpoint.load(path).trained_samples) == (True, 90)
    unfinished(7, 42).save(path)
    loaded = Checkpoint.load(path)
    assert loaded.state is not None
    assert loaded.state.to_json() == unfinished(7, 42).state.to_json()  # type: ignore[union-attr]
    assert loaded.state.guesses.tolist() == (np.arange(42) % 3).tolist()
    assert (loaded.finished, loaded.trained_samples) == (False, 42)
    assert (loaded.rows() == checkpoint().rows()).all()
    unfinished(15, 90).save(path)
    assert Checkpoint.load(path).finished


def test_damaged_state(path: Path) -> None:
    unfinished(7, 42).save(path)
    whole = path.read_bytes()
    expected = "the state of the training has been changed"
    edit(path, **{"training.guesses": np.zeros(42, np.int16)})
    expect_error(path, expected)
    path.write_bytes(whole)
    edit(path, **{"training.guesses": None})
    expect_error(path, expected)
    path.write_bytes(whole)
    edit(path, {"state": "{}"})
    expect_error(path, "sha256")


@settings(max_examples=15, deadline=None)
@given(
    st.integers(1, 40),
    st.lists(st.integers(1, 9), min_size=1, max_size=3),
    st.integers(2, 5),
    st.integers(1, 9),
    st.integers(8, 16),
)
def test_any_size(inputs: int, hidden: list[int], classes: int, lanes: int, bits: int) -> None:
    config = CoreConfig(
        name="any",
        inputs=inputs,
        hidden=tuple(hidden),
        classes=classes,
        lanes=lanes,
        rows=4096,
        group=1,
        weight_bits=bits,
        vectors=256,
        program=4096,
    )
    made = checkpoint(config=config)
    assert set(made.matrices) == set(made.program().map.matrices)
    packed = made.rows()
    again = Checkpoint.from_rows(config, made.recipe, "x", made.program().map, packed)
    assert all((again.matrices[name] == values).all() for name, values in made.matrices.items())


def test_holds_plain_matrices(path: Path) -> None:
    with safe_open(path, framework="numpy") as file:
        shapes = {name: file.get_slice(name).get_shape() for name in file.keys()}  # noqa: SIM118
        metadata = file.metadata()
        assert file.get_tensor("W1").dtype == np.int16
    assert shapes == {
        "WL": [3, 6],
        "W1": [20, 6],
        "b1": [1, 6],
        "R1": [3, 6],
        "W2": [6, 5],
        "b2": [1, 5],
        "R2": [3, 5],
    }
    assert metadata["config_digest"] == TINY.digest
    assert json.loads(metadata["recipe"])["seed"] == 3
    assert json.loads(metadata["recipe"])["samples"] == 90
    assert metadata["weights_sha256"] == rows_sha256(checkpoint().rows())


def test_weights_outside_of_every_matrix_are_not_lost_silently() -> None:
    rows = checkpoint().rows()
    rows[0, 0] = 1
    with pytest.raises(ValueError, match="belong to no matrix"):
        Checkpoint.from_rows(TINY, recipe(5), "x", program().map, rows)


def expect_error(path: Path, reason: str, config: CoreConfig | None = None) -> None:
    with pytest.raises(CheckpointError, match=reason) as caught:
        Checkpoint.load(path, config)
    assert str(caught.value).startswith(f"{path}: ")
    assert "\n" not in str(caught.value)


def test_more_samples_than_its_training_has(path: Path) -> None:
    unfinished(9, 90).save(path)
    assert Checkpoint.load(path).finished
    unfinished(9, 91).save(path)
    expect_error(path, "it has learnt from 91 samples, its training has only 90")


def test_missing(tmp_path: Path) -> None:
    expect_error(tmp_path / "no.safetensors", "there is no such checkpoint")
    expect_error(tmp_path, "cannot be read")


def test_truncated(path: Path) -> None:
    whole = path.read_bytes()
    for length in (0, 5, 100, len(whole) - 1):
        path.write_bytes(whole[:length])
        expect_error(path, "cannot be read as a checkpoint")


def test_no_checkpoint_of_ours(tmp_path: Path) -> None:
    path = tmp_path / "other.safetensors"
    save_file({"W1": np.zeros(3, np.float32)}, path)
    expect_error(path, "is no checkpoint of this project, it lacks version, config_digest")


def test_another_core(path: Path) -> None:
    other = replace(TINY, name="wide", hidden=(7, 5))
    expect_error(path, r"is for another core: tiny \(20-6-5, 3 classes.*, not wide \(20-7-5", other)


@pytest.mark.parametrize(
    ("metadata", "reason"),
    [
        ({"version": "2"}, "has version 2, this program reads 1"),
        ({"preset": json.dumps(asdict(replace(TINY, rows=90)))}, "configuration has been changed"),
        ({"preset": json.dumps(asdict(TINY) | {"lanes": 0})}, "lanes must be 1 to 1024, not 0"),
        ({"preset": "{"}, "Expecting property name"),
        ({"preset": '{"colour": 1}'}, "colour"),
        ({"recipe": "{}"}, "parameters"),
        ({"weights_sha256": "00"}, "weights have been changed: the hash does not match"),
    ],
)
def test_changed_metadata(path: Path, metadata: dict[str, str], reason: str) -> None:
    edit(path, metadata)
    expect_error(path, reason)


@pytest.mark.parametrize(
    ("tensors", "reason"),
    [
        ({"W1": np.zeros((20, 7), np.int16)}, "matrix W1 should be 20 x 6, but is 20 x 7"),
        ({"W2": None}, "matrix W2 should be 6 x 5, but is absent"),
        ({"W3": np.zeros((2, 2), np.int16)}, "matrix W3 should be absent, but is 2 x 2"),
        ({"W1": np.zeros((20, 6), np.int16)}, "weights have been changed"),
    ],
)
def test_changed_tensors(path: Path, tensors: dict[str, Any], reason: str) -> None:
    edit(path, **tensors)
    expect_error(path, reason)
