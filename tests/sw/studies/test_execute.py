"""Runs carried out."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest

from onward.sw.driver.golden_board import GoldenBoard
from onward.sw.driver.metrics import rows_sha256
from onward.sw.driver.trainer import evaluate, train
from onward.sw.golden.imperfection import Imperfection
from onward.sw.studies.execute import execute
from onward.sw.studies.plan import run_data

from .studies_data import runs_of


@pytest.mark.parametrize("rounding", ["stochastic", "nearest"])
@pytest.mark.parametrize("images", ["", "validation = 50"])
def test_is_a_training_on_the_golden_model(tmp_path: Path, rounding: str, images: str) -> None:
    head = 'preset = "tiny"\ndataset = "mnist-small"\nimages = 60\nepochs = 2\n'
    (run,) = runs_of(tmp_path, f'rounding = "{rounding}"\n{images or "test = 40"}\nseed = 5', head)
    figures = execute(run)
    data = run_data("mnist-small", run.config, None)
    board = GoldenBoard(run.config, rounding)  # type: ignore[arg-type]
    training = train(board, run.recipe, data.train_images, data.train_labels)
    part = (
        (data.train_images[-50:], data.train_labels[-50:]) if images else (data.test_images[:40], data.test_labels[:40])
    )
    evaluation = evaluate(board, run.recipe.method.build_inference(run.config, run.recipe.parameters), *part)
    kind, other = ("validation", "test") if images else ("test", "validation")
    assert figures["weights_sha256"] == rows_sha256(training.weights)
    assert figures[f"{kind}_error_goodness"] == evaluation.error_goodness
    assert figures[f"{kind}_error_readout"] == evaluation.error_readout
    assert figures[f"{other}_error_goodness"] is None
    assert figures["saturations.operand"] == training.counters["operand_saturations"]


def test_trains_and_tests_on_the_same_imperfect_device(tmp_path: Path) -> None:
    head = 'preset = "tiny"\ndataset = "mnist-small"\nimages = 60\ntest = 40\nseed = 5\n'
    (run,) = runs_of(tmp_path, "read_noise = 0.05\ngain_error = 0.3", head)
    figures = execute(run)
    data = run_data("mnist-small", run.config, None)
    board = GoldenBoard(run.config, imperfection=Imperfection(0.05, 0.3, seed=5))
    training = train(board, run.recipe, data.train_images, data.train_labels)
    program = run.recipe.method.build_inference(run.config, run.recipe.parameters)
    evaluation = evaluate(board, program, data.test_images[:40], data.test_labels[:40])
    assert figures["weights_sha256"] == rows_sha256(training.weights)
    assert figures["test_error_goodness"] == evaluation.error_goodness
    assert figures["test_error_readout"] == evaluation.error_readout
    (ideal,) = runs_of(tmp_path, "", head)
    assert execute(ideal)["weights_sha256"] != figures["weights_sha256"]


def test_in_float(tmp_path: Path) -> None:
    head = 'dataset = "mnist-small"\ntest = 500\nhidden = [32]\nrule = "backprop"\n'
    (run,) = runs_of(tmp_path, "images = 2000", head)
    figures = execute(run)
    # Measured 13.4 %; a net that has learnt nothing has 90 %.
    assert figures["test_error_readout"] < 18
    assert figures["test_error_goodness"] is None
    assert figures["weights_sha256"] is None
    assert execute(run)["test_error_readout"] == figures["test_error_readout"]
    assert np.isfinite(figures["seconds"])


# Measured 10.8 and 11.2 %, 17.0 and 21.8 %; a net that has learnt nothing has 90 %.
@pytest.mark.parametrize(("rule", "limits"), [("ff-float", (15, 15)), ("pff-float", (23, 28))])
def test_rule_of_the_core_in_float(tmp_path: Path, rule: str, limits: tuple[float, float]) -> None:
    head = f'dataset = "mnist-small"\ntest = 500\nhidden = [64, 64]\nrule = "{rule}"\n'
    (run,) = runs_of(tmp_path, "images = 5000\nepochs = 2", head)
    figures = execute(run)
    assert figures["test_error_goodness"] < limits[0]
    assert figures["test_error_readout"] < limits[1]
    assert figures["weights_sha256"] is None
    assert execute(run)["test_error_goodness"] == figures["test_error_goodness"]
