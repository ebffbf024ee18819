"""The forward-forward program: it learns, it fits any sizes, and what does not fit is refused."""

from dataclasses import replace

import numpy as np
import pytest
import torch

from onward.hw.spec.config import ConfigError, CoreConfig
from onward.hw.spec.presets import PRESETS
from onward.sw.data.datasets import load
from onward.sw.golden.golden import Golden
from onward.sw.golden.sample import Batch
from onward.sw.programs.assembler import AssemblyError
from onward.sw.programs.ff import FFParameters, build_ff, initial_weights

TINY = PRESETS["tiny"]


def train(config: CoreConfig, parameters: FFParameters, samples: int) -> tuple[float, float]:
    """Percent of test errors by goodness and by readout after training on real digits."""
    data = load("mnist-small")
    program = build_ff(config, parameters)
    golden = Golden(config)
    golden.state.seed(1)
    golden.state.weights[:] = torch.from_numpy(initial_weights(program, 1))
    for factor, part in zip((1.0, 0.5, 0.2), np.array_split(np.arange(samples), 3), strict=True):
        golden.load_program(build_ff(config, parameters.scaled(factor)).instructions)
        batch = Batch.from_images(data.train_images[part], data.train_labels[part])
        golden.run(program.entries["train"], batch)
    batch = Batch.from_images(data.test_images[:1000], data.test_labels[:1000])
    guesses = np.array(golden.run(program.entries["infer"], batch))
    errors = 100 * (guesses != data.test_labels[:1000, None]).mean(axis=0)
    return float(errors[0]), float(errors[1])


@pytest.mark.parametrize(
    ("hidden", "lanes", "bound"),
    [((128, 128), 128, 16.0), ((50,), 16, 18.0), ((40, 30, 20), 24, 20.0), ((32,) * 8, 32, 30.0)],
)
def test_learns(hidden: tuple[int, ...], lanes: int, bound: float) -> None:
    config = replace(PRESETS["ulx3s-85f"], hidden=hidden, lanes=lanes, rows=6000, vectors=64, program=1024)
    by_goodness, by_readout = train(config, FFParameters(rate=0.3, readout_rate=0.1), 10_000)
    assert by_goodness < bound
    assert by_readout < bound + 6


def test_hard_negatives_beat_random_ones() -> None:
    config = replace(PRESETS["ulx3s-85f"], hidden=(32, 32), lanes=32)
    hard, _ = train(config, FFParameters(rate=0.3, readout_rate=0.1), 6000)
    random, _ = train(config, FFParameters(rate=0.3, readout_rate=0.1, negatives="random"), 6000)
    assert hard < random


@pytest.mark.parametrize("lanes", [1, 3, 4, 5, 7, 16])
@pytest.mark.parametrize("hidden", [(1,), (6, 5), (9, 2, 7), (3, 4, 5, 6, 7, 8), (2, 3, 4, 5, 6, 7, 8, 9)])
def test_any_sizes(lanes: int, hidden: tuple[int, ...]) -> None:
    config = replace(TINY, lanes=lanes, hidden=hidden, group=1, rows=2000, vectors=200, program=2048)
    program = build_ff(config)
    weights = initial_weights(program, 2)
    assert weights.shape == (config.rows, lanes)
    for name, matrix in program.map.matrices.items():
        values = matrix.unpack(weights)
        assert values.any() == name.startswith("W")


def changes(**parameters: float) -> dict[str, float]:
    """By matrix, the largest change of a weight, in units, after one sample."""
    config = replace(TINY, weight_bits=16)
    program = build_ff(config, FFParameters(rate=0.2, **parameters))  # type: ignore[arg-type]
    golden = Golden(config)
    before = initial_weights(program, 1)
    golden.state.weights[:] = torch.from_numpy(before)
    golden.state.seed(1)
    golden.load_program(program.instructions)
    image = np.random.default_rng(1).integers(1, 256, (1, config.inputs)).astype(np.uint8)
    golden.run(program.entries["train"], Batch.from_images(image, np.array([1], np.uint8)))
    change = np.abs(golden.state.weights.numpy() - before)
    return {name: float(change[each.base : each.base + each.rows].max()) for name, each in program.map.matrices.items()}


def test_margin_and_slope_shape_the_modulator() -> None:
    full, none = changes(margin=100.0), changes(margin=-100.0)
    assert all(none[name] == 0 for name in ("W1", "WL", "b1", "W2", "b2"))
    half = changes(slope=1e-3)
    for name in ("W1", "WL", "W2", "b2"):
        assert full[name] > 10
        assert half[name] == pytest.approx(full[name] / 2, rel=0.1, abs=3)


def test_biases_learn_with_their_part_of_the_rate() -> None:
    usual, quarter, none = (changes(margin=100.0, bias_factor=factor) for factor in (1.0, 0.25, 0.0))
    for name in ("b1", "b2"):
        assert usual[name] > 15
        assert quarter[name] == pytest.approx(usual[name] / 4, rel=0.1, abs=2)
        assert none[name] == 0
    assert none["W1"] == usual["W1"]


def test_refused() -> None:
    with pytest.raises(ConfigError, match="the weights need at least"):
        build_ff(replace(TINY, rows=40))
    with pytest.raises(AssemblyError, match="vector words"):
        build_ff(replace(TINY, vectors=5))
    with pytest.raises(AssemblyError, match="no scalar register left"):
        build_ff(replace(TINY, hidden=(2,) * 10, rows=2000, vectors=200, program=1024))
    with pytest.raises(AssemblyError, match="the program memory holds 100"):
        build_ff(replace(TINY, program=100))
    for wrong in (
        {"rate": -1.0},
        {"negatives": "soft"},
        {"label_scale": 0.0},
        {"floor": 2.0},
        {"slope": 0.0},
        {"bias_factor": 2.0},
    ):
        with pytest.raises(ConfigError, match="must be"):
            FFParameters(**wrong)  # type: ignore[arg-type]


def test_presets_fit() -> None:
    rows = {name: build_ff(config).map.used for name, config in PRESETS.items()}
    assert rows == {
        "ulx3s-85f": 945,
        "ulx3s-85f-64": 1889,
        "ulx3s-45f": 3777,
        "ulx3s-25f": 2593,
        "icebreaker": 7041,
        "tiny": 75,
        "icebreaker-compact": 14081,
        "icebreaker-fast": 3221,
        "tang-primer-20k": 6785,
    }
