"""A layer above the first, alone: its update from two samples, checked against the formula in float."""

from __future__ import annotations

import numpy as np
import pytest

from onward.hw.spec.config import ConfigError
from onward.sw.programs.ff import FFParameters
from onward.sw.programs.ff_upper import build_ff_upper, initial_upper_weights
from onward.sw.programs.handover import read_handover
from tests.sw.programs.layer_bench import LAYERED, LayerBench
from tests.sw.programs.pff_bench import random_images

PARAMETERS = FFParameters(rate=0.2, slope=0.25, margin=1.0, bias_factor=0.5)
UNIT = 2.0**-LAYERED.weight.fraction


def bench(number: int, parameters: FFParameters = PARAMETERS, hands_on: bool = False) -> LayerBench:
    program = build_ff_upper(LAYERED, number, parameters, hands_on)
    return LayerBench(program, initial_upper_weights(program, 1))


def pair(number: int, seed: int) -> np.ndarray:
    """Positive and negative of one image."""
    images = random_images(LAYERED, 2, seed)
    images[:, LAYERED.hidden[number - 2] :] = 0
    return images


def normalised(pixels: np.ndarray, inputs: int) -> np.ndarray:
    real = pixels[:, :inputs].astype(float)
    return real / np.linalg.norm(real, axis=1, keepdims=True)


@pytest.mark.parametrize("number", [2, 3])
@pytest.mark.parametrize("hands_on", [False, True])
@pytest.mark.parametrize(
    "parameters", [PARAMETERS, FFParameters(rate=0.3), FFParameters(rate=0.1, margin=-1.0, bias_factor=0.0)]
)
def test_update(number: int, hands_on: bool, parameters: FFParameters) -> None:
    core = bench(number, parameters, hands_on)
    inputs = LAYERED.hidden[number - 2]
    for seed in range(4):
        pixels = pair(number, seed)
        x = normalised(pixels, inputs)
        W, b = core.matrix(f"W{number}"), core.matrix(f"b{number}")
        z = np.maximum(0, x @ W + b)
        g = (z**2).sum(1)
        m = parameters.rate / (1 + np.exp(-(parameters.slope * (g[0] - g[1]) + parameters.margin)))
        assert core.run("train", pixels[:1], [0]) == [[]]
        assert (core.matrix(f"W{number}") == W).all()
        core.run("train", pixels[1:], [1])
        wanted = m * (np.outer(x[1], z[1]) - np.outer(x[0], z[0]))
        assert np.abs(wanted).max() > 20 * UNIT
        # Two stochastic roundings, of operands and activities besides.
        assert np.abs(core.matrix(f"W{number}") - W - wanted).max() < 2.5 * UNIT + 0.01 * np.abs(wanted).max()
        bias = m * parameters.bias_factor * (z[1] - z[0])
        assert np.abs(core.matrix(f"b{number}") - b - bias).max() < 2.5 * UNIT + 0.01 * np.abs(bias).max()


def test_pairs_in_one_run() -> None:
    at_once, one_by_one = bench(2), bench(2)
    pixels = np.concatenate([pair(2, seed) for seed in range(6)])
    at_once.run("train", pixels, [0, 1] * 6)
    for i in range(12):
        one_by_one.run("train", pixels[i : i + 1], [i % 2])
    assert (at_once.golden.state.weights == one_by_one.golden.state.weights).all()


@pytest.mark.parametrize("entry", ["train", "activities"])
def test_hands_on(entry: str) -> None:
    core = bench(2, hands_on=True)
    units = LAYERED.hidden[1]
    pixels = pair(2, 7)
    W, b = core.matrix("W2"), core.matrix("b2")
    nothing, words = core.run(entry, pixels, [0, 1])
    assert nothing == []
    z = np.maximum(0, normalised(pixels, LAYERED.hidden[0]) @ W + b)
    wanted = 253 * z / np.linalg.norm(z, axis=1, keepdims=True)
    assert np.abs(read_handover([words], units)[0] - wanted).max() < 2
    assert (core.matrix("W2") == W).all() == (entry == "activities")


def test_refused() -> None:
    for number in (1, 4):
        with pytest.raises(ConfigError, match=f"layer {number} is none above the first of the 3 of 'layered'"):
            build_ff_upper(LAYERED, number)
    assert "activities" not in build_ff_upper(LAYERED, 3).entries
