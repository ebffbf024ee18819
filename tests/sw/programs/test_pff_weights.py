"""Start weights of predictive forward-forward: each kind of matrix has its distribution, the rest is 0."""

from dataclasses import replace

import numpy as np
import pytest

from onward.hw.spec.presets import PRESETS
from onward.sw.programs.pff import build_pff
from onward.sw.programs.pff_parameters import PFFParameters
from onward.sw.programs.pff_weights import initial_pff_weights
from tests.sw.programs.pff_bench import LIVELY, RAGGED

LARGE = replace(PRESETS["ulx3s-85f"], inputs=200, hidden=(120, 80))


@pytest.fixture(scope="module")
def matrices() -> dict[str, np.ndarray]:
    program = build_pff(LARGE, PFFParameters())
    memory = initial_pff_weights(program, 1)
    scale = 2.0**LARGE.weight.fraction
    return {name: matrix.unpack(memory) / scale for name, matrix in program.map.matrices.items()}


@pytest.mark.parametrize(
    ("name", "deviation"), [("W1", 2 / 200**0.5), ("W2", 120**-0.5), ("V2", 80**-0.5), ("VY", 80**-0.5)]
)
def test_normal(matrices: dict[str, np.ndarray], name: str, deviation: float) -> None:
    values = matrices[name]
    assert values.std() == pytest.approx(deviation, rel=4 / (2 * values.size) ** 0.5)
    assert abs(values.mean()) < 4 * deviation / values.size**0.5


@pytest.mark.parametrize("name", ["L1", "L2", "G1", "G2", "Gy"])
def test_uniform(matrices: dict[str, np.ndarray], name: str) -> None:
    values = matrices[name]
    assert 0 <= values.min() < 0.002 and 0.048 < values.max() <= 0.05 + 2.0**-LARGE.weight.fraction
    assert values.mean() == pytest.approx(0.025, abs=4 * 0.05 / (12 * values.size) ** 0.5)


def test_the_rest_is_zero(matrices: dict[str, np.ndarray]) -> None:
    """Biases and readout, lanes without a unit, rows without a matrix."""
    assert {name for name, values in matrices.items() if not values.any()} == {"b1", "b2", "R1", "R2", "bR"}
    program = build_pff(RAGGED, LIVELY)
    memory = initial_pff_weights(program, 1)
    assert memory.shape == (RAGGED.rows, RAGGED.lanes)
    for matrix in program.map.matrices.values():
        values = matrix.unpack(memory)
        memory[matrix.base : matrix.base + matrix.rows] -= matrix.pack(values)
    assert not memory.any()


def test_seeds() -> None:
    program = build_pff(RAGGED, LIVELY)
    assert (initial_pff_weights(program, 1) == initial_pff_weights(program, 1)).all()
    assert (initial_pff_weights(program, 1) != initial_pff_weights(program, 2)).any()


def test_narrow_weights_do_not_wrap() -> None:
    """Few inputs make for large weights: they end where the format ends."""
    config = replace(RAGGED, inputs=1, hidden=(1, 1), weight_bits=8, elements=16)
    program = build_pff(config, PFFParameters(codes=1))
    codes = np.concatenate([initial_pff_weights(program, seed) for seed in range(200)])
    assert codes.max() == config.weight.max and codes.min() == config.weight.min
