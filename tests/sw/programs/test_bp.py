"""Backpropagation and direct feedback alignment: what a sample changes is the float rule's, and both learn."""

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
from onward.sw.programs.bp import BPParameters, build_bp, build_dfa, initial_bp_weights
from onward.sw.reference.feedback import hidden_gradients
from tests.sw.programs.mean_change import lively_rows, mean_changes, real_matrices, sparse_image
from tests.sw.programs.pff_bench import RAGGED

BUILDERS = {"bp": build_bp, "dfa": build_dfa}
PARAMETERS = BPParameters(rate=0.05, readout_rate=0.07, input_scale=2.5)


@pytest.mark.parametrize("rule", BUILDERS)
@pytest.mark.parametrize("hidden", [(10, 7), (5,), (4, 9, 6)])
@pytest.mark.parametrize("rate", [0.05, 0.15])
def test_a_sample_changes_what_the_float_rule_changes(rule: str, hidden: tuple[int, ...], rate: float) -> None:
    config = replace(RAGGED, hidden=hidden, operand_bits=18)
    parameters = replace(PARAMETERS, rate=rate)
    program = BUILDERS[rule](config, parameters)
    rows = lively_rows(program, initial_bp_weights(program, 3))
    image = sparse_image(config.inputs)
    changes = mean_changes(program, rows, image, label=2)
    real = {name: torch.tensor(values) for name, values in real_matrices(program, rows).items()}
    x = torch.tensor(image[0] / 256)
    layers = range(1, len(hidden) + 1)
    weights, biases, readout = hidden_gradients(
        2.5 * x / x.norm(),
        2,
        [real[f"W{number}"] for number in layers],
        [real[f"b{number}"][0] for number in layers],
        real["R"],
        [real[f"B{number}"] for number in layers] if rule == "dfa" else None,
    )
    wanted = {f"W{number}": -rate * weights[number - 1].numpy() for number in layers}
    wanted |= {f"b{number}": -rate * biases[number - 1].numpy()[None] for number in layers}
    wanted["R"] = -0.07 * readout.numpy()
    for name, change in changes.items():
        if name[0] == "B":
            assert not change.any(), name
            continue
        size = np.abs(wanted[name]).max()
        assert size > 5e-4
        np.testing.assert_allclose(change, wanted[name], atol=0.01 * size + 3e-5, err_msg=name)


def learn(config: CoreConfig, rule: str, parameters: BPParameters) -> float:
    """Percent of test errors after 10,000 samples of real digits."""
    data = load("mnist-small")
    program = BUILDERS[rule](config, parameters)
    golden = Golden(config)
    golden.state.weights[:] = torch.from_numpy(initial_bp_weights(program, 1))
    for factor, part in zip((1.0, 0.5, 0.2), np.array_split(np.arange(10_000), 3), strict=True):
        golden.load_program(BUILDERS[rule](config, parameters.scaled(factor)).instructions)
        golden.run(program.entries["train"], Batch.from_images(data.train_images[part], data.train_labels[part]))
    test = Batch.from_images(data.test_images[:1000], data.test_labels[:1000])
    guesses = np.array(golden.run(program.entries["infer"], test))
    assert (guesses[:, 0] == guesses[:, 1]).all()
    return 100 * float((guesses[:, 0] != data.test_labels[:1000]).mean())


@pytest.mark.parametrize(
    ("rule", "hidden", "lanes", "rate", "bound"),
    [("bp", (128, 128), 128, 0.04, 10.0), ("bp", (40, 30, 20), 24, 0.04, 14.0), ("dfa", (128, 128), 128, 0.01, 18.0)],
)
def test_learns(rule: str, hidden: tuple[int, ...], lanes: int, rate: float, bound: float) -> None:
    config = replace(PRESETS["ulx3s-85f"], hidden=hidden, lanes=lanes, rows=6000, vectors=64)
    assert learn(config, rule, BPParameters(rate=rate)) < bound


def test_a_sample_learned_by_heart_changes_nothing_more() -> None:
    """A probability that rounds to 1 leaves no error; the division by it must not make one."""
    config = replace(RAGGED, operand_bits=18)
    program = build_bp(config, BPParameters(rate=0.2, readout_rate=0.2))
    golden = Golden(config)
    golden.load_program(program.instructions)
    golden.state.weights[:] = torch.from_numpy(initial_bp_weights(program, 3))
    batch = Batch.from_images(np.repeat(sparse_image(config.inputs), 5000, 0), np.full(5000, 2, np.uint8))
    golden.run(program.entries["train"], batch)
    learned = golden.state.weights.clone()
    golden.run(program.entries["train"], batch)
    assert (golden.state.weights - learned).abs().max() < 80  # of 2^13 a unit


def test_refused() -> None:
    with pytest.raises(ConfigError, match="the weights need at least"):
        build_bp(replace(PRESETS["tiny"], rows=30))
    with pytest.raises(AssemblyError, match="vector words"):
        build_dfa(replace(PRESETS["tiny"], vectors=5))
    for wrong in ({"rate": -1.0}, {"readout_rate": 9.0}, {"input_scale": 0.0}):
        with pytest.raises(ConfigError, match="must be"):
            BPParameters(**wrong)


def test_presets_fit() -> None:
    for name, config in PRESETS.items():
        if config.compact:
            with pytest.raises(AssemblyError, match="the program needs more than the core.s|a compact core stores as"):
                build_bp(config)
            continue
        assert build_bp(config).map.used < build_dfa(config).map.used <= config.rows, name


def test_any_depth() -> None:
    config = replace(PRESETS["ulx3s-85f"], hidden=(8,) * 12, vectors=64)
    assert build_bp(config).map.used > 0
