"""Carrying out one run, wherever it is sent."""

from __future__ import annotations

import time
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from onward.hw.spec.protocol import COUNTERS
from onward.sw.data.datasets import Dataset
from onward.sw.driver.golden_board import GoldenBoard
from onward.sw.driver.metrics import rows_sha256
from onward.sw.driver.trainer import evaluate, train

from .float_rules import FLOAT_RULES
from .plan import run_data
from .run import Run

__all__ = ["execute"]

_KINDS = tuple(name for name in COUNTERS if name.endswith("_saturations"))


def execute(run: Run, folder: Path | None = None) -> dict[str, Any]:
    """What comes of a run, as columns of a table: errors in percent, hash of the weights, saturations, time.

    Parameters
    ----------
    run : the run.
    folder : where to look for the data set first.
    """
    data = run_data(run.dataset, run.config, folder)
    images, labels = _held_out(run, data)
    began = time.monotonic()
    figures = (_in_float if run.is_float else _on_golden)(run, data, images, labels)
    seconds = time.monotonic() - began
    kind = "validation" if run.validation else "test"
    other = "test" if run.validation else "validation"
    return {
        f"{kind}_error_goodness": figures.pop("goodness"),
        f"{kind}_error_readout": figures.pop("readout"),
        f"{other}_error_goodness": None,
        f"{other}_error_readout": None,
        **figures,
        "seconds": round(seconds, 3),
        "samples_per_s": round(run.recipe.samples / seconds),
    }


def _held_out(run: Run, data: Dataset) -> tuple[NDArray[np.uint8], NDArray[np.uint8]]:
    """The images that the net is tested on, and their labels."""
    if run.validation:
        return data.train_images[-run.test :], data.train_labels[-run.test :]
    return data.test_images[: run.test], data.test_labels[: run.test]


def _on_golden(run: Run, data: Dataset, images: NDArray[np.uint8], labels: NDArray[np.uint8]) -> dict[str, Any]:
    with GoldenBoard(run.config, run.rounding, run.imperfection) as board:
        training = train(board, run.recipe, data.train_images, data.train_labels)
        program = run.recipe.method.build_inference(run.config, run.recipe.parameters)
        evaluation = evaluate(board, program, images, labels)
    return {
        "goodness": evaluation.error_goodness,
        "readout": evaluation.error_readout,
        "weights_sha256": rows_sha256(training.weights),
        **{f"saturations.{name.removesuffix('_saturations')}": training.counters[name] for name in _KINDS},
    }


def _in_float(run: Run, data: Dataset, images: NDArray[np.uint8], labels: NDArray[np.uint8]) -> dict[str, Any]:
    # Which order float sums are in, and so the last bits of the weights, is the processor's: no hash.
    figures = FLOAT_RULES[run.rule].figures(run.config, run.recipe, run.parameters, data, (images, labels))
    return {
        **figures,
        "weights_sha256": None,
        **{f"saturations.{name.removesuffix('_saturations')}": None for name in _KINDS},
    }
