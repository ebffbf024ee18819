"""Layers as stages: cores that hold them, samples between them, and the network that they make."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest

from onward.hw.spec.config import ConfigError
from onward.sw.driver.stages import Stage, handover_batch, make_stages, merge_weights, stage_core, whole_core
from onward.sw.golden.sample import Batch
from onward.sw.programs.ff import FFParameters, build_ff, initial_weights

from .driver_data import TINY

CORE = stage_core(replace(TINY, hidden=(6, 5, 4), rows=200))
PARAMETERS = FFParameters()


def test_core_holds_what_the_widest_layer_hands_on() -> None:
    assert stage_core(TINY).results == TINY.results == 64
    assert stage_core(replace(TINY, hidden=(6, 101, 7))).results == 1 + 2 * 51
    # The last layer hands nothing on.
    assert stage_core(replace(TINY, hidden=(6, 900))).results == 64
    with pytest.raises(ConfigError, match="layers apart takes two hidden layers at least, not 1"):
        stage_core(replace(TINY, hidden=(6,)))
    with pytest.raises(
        ConfigError, match="tiny: a layer of 256 units hands on too much: results must be 4 to 256, not 257"
    ):
        stage_core(replace(TINY, hidden=(256, 8)))


def test_whole_network_on_a_core_that_holds_it() -> None:
    assert whole_core(TINY).rows == build_ff(TINY).map.used == 75
    # What a core is too small for, layer by layer or not, has the same rows.
    assert whole_core(replace(TINY, rows=64, vectors=2)).rows == 75


def test_stages() -> None:
    stages = make_stages(CORE)
    assert [stage.units for stage in stages] == [6, 5, 4]
    assert [stage.words for stage in stages] == [6, 6, 0]
    assert [stage.hands_on for stage in stages] == [True, True, False]


@pytest.mark.parametrize("number", [1, 2])
def test_rows_for_handing_on_are_the_last(number: int) -> None:
    stage = Stage(CORE, number)
    alone, handing = (stage.program(PARAMETERS, hands_on) for hands_on in (False, True))
    weights = [stage.initial_weights(program, 4) for program in (alone, handing)]
    assert len(weights[0]) < len(weights[1])
    assert (weights[1][: len(weights[0])] == weights[0]).all()
    assert alone.map.matrices.items() <= handing.map.matrices.items()


def test_start_weights_of_layers_differ() -> None:
    same_size = replace(CORE, hidden=(5, 5, 5))
    starts = []
    for number in (2, 3):
        stage = Stage(same_size, number)
        program = stage.program(PARAMETERS, hands_on=False)
        starts.append(program.map.matrices[f"W{number}"].unpack(stage.initial_weights(program, 4)))
    assert (starts[0] != starts[1]).mean() > 0.9


def test_samples_of_the_stage_above() -> None:
    pixels = np.random.default_rng(0).integers(0, 256, (3, 2, 6)).astype(np.uint8)
    batch, wanted = handover_batch(pixels), Batch.from_images(pixels.reshape(6, 6), np.array([0, 1] * 3, np.uint8))
    assert (batch.value == wanted.value).all()
    assert batch.labels.tolist() == [0, 1, 0, 1, 0, 1]


def test_merged_weights() -> None:
    whole = build_ff(CORE, PARAMETERS)
    programs = [stage.program(PARAMETERS, stage.hands_on) for stage in make_stages(CORE)]
    random = np.random.default_rng(2)
    rows = [random.integers(-9, 9, (program.map.used, CORE.lanes)) for program in programs]
    merged = merge_weights(whole, programs, rows)
    assert merged.shape == initial_weights(whole, 0)[: whole.map.used].shape
    for name, matrix in whole.map.matrices.items():
        owners = [
            program.map.matrices[name].unpack(own)
            for program, own in zip(programs, rows, strict=True)
            if name in program.map.matrices
        ]
        assert len(owners) == (0 if name in ("R2", "R3") else 1), name
        assert (matrix.unpack(merged) == (owners[0] if owners else 0)).all(), name
