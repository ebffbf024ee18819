"""``onward reconstruct``."""

from __future__ import annotations

import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from matplotlib.image import imread

from onward.hw.spec.presets import load_preset
from onward.sw.data.datasets import load
from onward.sw.driver.fitting import fit_dataset

from ..driver.model_core import ModelCore, PtyCore
from .conftest import Run

Trained = Callable[..., dict[str, Any]]
Refused = Callable[..., str]


def test_figures_and_picture(run: Run, generative: dict[str, Any]) -> None:
    result = run("reconstruct", "RUN", "--out", "a.png", "--json", "a.json")
    assert result.exit_code == 0, result.stderr
    report = json.loads(Path("a.json").read_text())
    for key in ("weights_sha256", "preset", "dataset", "rule"):
        assert report[key] == generative[key], key
    assert report["test_samples"] == 628  # of 2,000, those with label 0 to 2
    assert (report["run"], report["board"], report["cycles_per_sample"]) == ("RUN", "golden", None)
    assert report["host_samples_per_s"] > 0
    data = fit_dataset(load("mnist-small"), load_preset("square.toml"))
    spread = (data.test_images / 255 - data.train_images.mean(0) / 255) ** 2
    assert report["mse_per_image_mean"] == pytest.approx(spread.sum(1).mean())
    for key in ("mse_per_image", "mse_per_image_first"):
        assert 0.3 * report["mse_per_image_mean"] < report[key] < 2 * report["mse_per_image_mean"], key
    assert report["mse_per_image"] != report["mse_per_image_first"]
    assert f"{report['mse_per_image']:.2f}" in result.stdout
    assert imread("a.png").shape[1] > 20 * 84


def test_measures_as_many_as_asked_for(run: Run, generative: dict[str, Any]) -> None:
    reports = []
    for i, options in enumerate((("--test", 5), ("--test", 5, "--count", 2), ("--test", 30))):
        assert run("reconstruct", "RUN", "--out", f"{i}.png", "--json", "a.json", *options).exit_code == 0
        reports.append(json.loads(Path("a.json").read_text()))
    assert [each["test_samples"] for each in reports] == [5, 5, 30]
    assert reports[0]["mse_per_image"] == reports[1]["mse_per_image"] != reports[2]["mse_per_image"]
    pictures = [imread(f"{i}.png") for i in range(3)]
    assert np.array_equal(pictures[0], pictures[2])
    assert pictures[1].shape[1] < pictures[0].shape[1]


def test_the_same_on_a_board_with_a_clock(run: Run, generative: dict[str, Any]) -> None:
    with PtyCore(ModelCore(load_preset("square.toml")).feed) as core:
        linked = ("--board", f"serial:{core.port}", "--out", "a.png", "--json", "a.json")
        assert run("reconstruct", "RUN", *linked).exit_code == 0
    assert run("reconstruct", "RUN", "--test", 200, "--out", "b.png", "--json", "b.json").exit_code == 0
    a, b = (json.loads(Path(name).read_text()) for name in ("a.json", "b.json"))
    for key in ("mse_per_image", "mse_per_image_first", "mse_per_image_mean", "test_samples", "weights_sha256"):
        assert a[key] == b[key], key
    assert (a["cycles_per_sample"], b["cycles_per_sample"]) == (100, None)
    assert Path("a.png").read_bytes() == Path("b.png").read_bytes()


def test_replaces_the_picture(run: Run, generative: dict[str, Any]) -> None:
    Path("a.png").write_text("before")
    assert run("reconstruct", "RUN", "--out", "a.png", "--test", 5).exit_code == 0
    assert Path("a.png").read_bytes().startswith(b"\x89PNG")


def test_refusals(refused: Refused, generative: dict[str, Any]) -> None:
    out = ("--out", "a.png")
    assert refused("reconstruct", "no", *out) == "no/checkpoint.safetensors: there is no such checkpoint"
    assert refused("reconstruct", "RUN", "--out", "RUN") == "RUN: is a folder, not a file to write"
    assert refused("reconstruct", "RUN", "--out", "no/a.png") == "no/a.png: its folder does not exist"
    assert refused("reconstruct", "RUN", *out, "--json", "RUN") == "RUN: is a folder, not a file to write"
    assert "test images, not 700" in refused("reconstruct", "RUN", *out, "--test", 700)
    assert "test images, not 700" in refused("reconstruct", "RUN", *out, "--count", 700)
    assert "'--count'" in refused("reconstruct", "RUN", *out, "--count", 0)
    assert "run `onward fetch mnist`" in refused("reconstruct", "RUN", *out, "--dataset", "mnist")
    assert "unknown board 'fpga'" in refused("reconstruct", "RUN", *out, "--board", "fpga")


def test_refuses_runs_without_a_generative_circuit(refused: Refused, trained: Trained) -> None:
    trained("RUN")
    line = refused("reconstruct", "RUN", "--out", "a.png")
    assert line == "rule 'ff' has no generative circuit: reconstruct needs a run of rule pff"


def test_refuses_inputs_that_are_no_image(refused: Refused, trained: Trained) -> None:
    Path("flat.toml").write_text('base = "tiny"\ninputs = 20\nrows = 400\nelements = 64\nprogram = 1024\n')
    trained("RUN", "--preset", "flat.toml", "--rule", "pff", "--set", "codes=6")
    assert refused("reconstruct", "RUN", "--out", "a.png") == "flat: 20 inputs are no square image that could be drawn"
