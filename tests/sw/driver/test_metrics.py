"""Figures of trainings."""

from __future__ import annotations

import hashlib

import numpy as np
import pytest

from onward.sw.driver.metrics import evaluation_figures, rows_sha256, training_figures, validation_figures
from onward.sw.driver.trainer import Evaluation, Training

from .driver_data import TINY, program

COUNTERS = {
    "cycles": 40_000,
    "busy_cycles": 30_000,
    "samples": 100,
    "weight_saturations": 1,
    "vector_saturations": 2,
    "operand_saturations": 3,
    "element_saturations": 4,
    "row_reads": 25_000,
    "row_writes": 5_050,
}


def training(counters: dict[str, int | None]) -> Training:
    guesses = np.arange(100) % 3
    return Training(program(), np.ones((75, 4), np.int32), guesses, guesses, counters, 0.5)


def test_hash_is_that_of_little_endian_words() -> None:
    rows = np.array([[1, -1], [300, -8192]])
    assert rows_sha256(rows) == hashlib.sha256(bytes.fromhex("0100 ffff 2c01 00e0")).hexdigest()


def test_figures() -> None:
    figures = training_figures(TINY, training(dict(COUNTERS)))
    assert figures["samples"] == 100
    assert figures["cycles_per_sample"] == 400
    assert figures["mac_utilisation"] == 0.75
    assert (figures["row_reads"], figures["row_writes"]) == (25_000, 5_050)
    assert (figures["row_reads_per_sample"], figures["row_writes_per_sample"]) == (250, 50.5)
    assert figures["samples_per_s"] == pytest.approx(80e6 / 400)
    assert figures["host_samples_per_s"] == 200
    assert figures["saturations"] == {"weight": 1, "vector": 2, "operand": 3, "element": 4}
    assert figures["weights_sha256"] == rows_sha256(np.ones((75, 4), np.int32))
    assert figures["curve"][-1] == {"samples": 100, "training_error": 0}


def test_figures_without_a_clock() -> None:
    figures = training_figures(TINY, training(COUNTERS | {"cycles": None, "row_reads": None}))
    for name in ("cycles", "cycles_per_sample", "mac_utilisation", "samples_per_s", "row_reads_per_sample"):
        assert figures[name] is None, name
    assert figures["busy_cycles"] == 30_000


def test_evaluation_figures() -> None:
    labels = np.array([0, 1, 2, 2])
    figures = evaluation_figures(Evaluation(np.array([0, 1, 2, 0]), np.array([1, 1, 0, 0]), labels))
    assert figures == {"test_samples": 4, "test_error_goodness": 25.0, "test_error_readout": 75.0}
    nothing = {"test_samples": 0, "test_error_goodness": None, "test_error_readout": None}
    assert evaluation_figures(None) == nothing


def test_validation_figures() -> None:
    first = {"samples": 10, "validation_error_goodness": 20.0, "validation_error_readout": 30.0}
    last = {"samples": 20, "validation_error_goodness": 10.0, "validation_error_readout": 15.0}
    assert validation_figures(7, (first, last)) == {
        "validation_samples": 7,
        "validation_error_goodness": 10.0,
        "validation_error_readout": 15.0,
        "validation_curve": [first, last],
    }
    assert validation_figures(0, ()) == {
        "validation_samples": 0,
        "validation_error_goodness": None,
        "validation_error_readout": None,
        "validation_curve": [],
    }
