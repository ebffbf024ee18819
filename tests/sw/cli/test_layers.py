"""``onward layers``."""

from __future__ import annotations

import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from onward.hw.spec.presets import load_preset
from onward.sw.driver.golden_board import GoldenBoard
from onward.sw.driver.stages import stage_core

from ..driver.model_core import ModelCore, PtyCore
from .conftest import Run

Report = Callable[..., dict[str, Any]]
TRAIN = ("train", "--preset", "small.toml", "--dataset", "mnist-small", "--out", "RUN")
LAYERS = ("layers", "--preset", "tiny", "--samples", 300, "--test", 100, "--seed", 4)


@pytest.fixture
def report(run: Run) -> Report:
    """What a training of layers apart reports."""

    def invoke(*arguments: object) -> dict[str, Any]:
        result = run(*LAYERS, *arguments, "--json", "a.json")
        assert result.exit_code == 0, result.stderr
        figures: dict[str, Any] = json.loads(Path("a.json").read_text())
        assert f"{figures['test_error_goodness']:.2f} %" in result.stdout
        return figures

    return invoke


def test_pipeline(report: Report) -> None:
    figures = report("--epochs", 3, "--set", "rate=0.2", "--final", 0.1)
    assert (figures["mode"], figures["images"], figures["samples"], figures["test_samples"]) == (
        "pipeline",
        300,
        900,
        100,
    )
    assert (figures["parameters"]["rate"], figures["final"]) == (0.2, 0.1)
    assert figures["test_error_goodness"] < 30
    assert [stage["layer"] for stage in figures["stages"]] == [1, 2]
    assert [stage["words_handed_on"] for stage in figures["stages"]] == [6, 0]
    assert (
        figures["rows_largest_stage"] == max(stage["rows"] for stage in figures["stages"]) < figures["rows_whole"] == 75
    )
    assert figures["cycles_per_image"] is figures["elapsed_per_image"] is figures["equal_golden"] is None
    assert figures["stored_bytes"] == 0


def test_sequential(report: Report) -> None:
    figures = report("--mode", "sequential", "--verify")
    assert figures["equal_golden"] is True
    assert figures["stored_bytes"] == 300 * 2 * 6
    # The first layer learns the same.
    rows = [report("--mode", mode)["training_error"] for mode in ("sequential", "pipeline")]
    assert rows[0] == rows[1] == figures["training_error"]


def test_more_layers_than_a_core_holds(run: Run, report: Report, refused: Callable[..., str]) -> None:
    Path("small.toml").write_text('base = "tiny"\nrows = 64\n')
    assert "the weights need at least" in refused(*TRAIN)
    figures = report("--mode", "sequential", "--epochs", 3, "--preset", "small.toml")
    assert figures["rows_largest_stage"] <= 64 < figures["rows_whole"]
    assert figures["test_error_goodness"] < 30


def test_one_core_in_turn_with_a_clock(run: Run, report: Report) -> None:
    core = stage_core(load_preset("tiny"))
    with PtyCore(ModelCore(core).feed) as linked:
        figures = report("--mode", "sequential", "--board", f"serial:{linked.port}", "--verify")
    assert figures["equal_golden"] is True
    # The model of a core counts 100 cycles a sample: 1 of layer 1, 1 handed on, 2 of layer 2.
    assert figures["cycles_per_image"] == 400
    assert figures["samples_per_s"] == pytest.approx(80e6 / 400)
    assert figures["elapsed_per_image"] is None


def test_difference_is_told(run: Run, monkeypatch: pytest.MonkeyPatch) -> None:
    read, calls = GoldenBoard.read_weights, iter(range(4))

    def wrong(self: GoldenBoard, rows: int | None = None) -> np.ndarray:
        # The second board of the first training.
        return read(self, rows) + (next(calls) == 1)

    monkeypatch.setattr(GoldenBoard, "read_weights", wrong)
    result = run(*LAYERS, "--verify", "--json", "a.json")
    assert result.exit_code == 1
    assert result.stdout.splitlines()[-1] == "NOT EQUAL to the golden model: layer 2"
    assert json.loads(Path("a.json").read_text())["equal_golden"] is False


def test_refusals(refused: Callable[..., str]) -> None:
    Path("one.toml").write_text('base = "tiny"\nhidden = [6]\n')
    assert "layers apart takes two hidden layers at least, not 1" in refused("layers", "--preset", "one.toml")
    Path("wide.toml").write_text('base = "tiny"\nhidden = [300, 6]\n')
    assert "a layer of 300 units hands on too much" in refused("layers", "--preset", "wide.toml")
    assert "unknown parameter 'alpha'" in refused(*LAYERS, "--set", "alpha=1")
    assert "unknown board 'silver'" in refused(*LAYERS, "--board", "silver")
    assert "there are" in refused("layers", "--preset", "tiny", "--samples", 99999)
    assert "'both' is not one of" in refused(*LAYERS, "--mode", "both")
