"""Signal propagation: what a sample changes is the float rule's, it learns, and what does not fit is refused."""

from dataclasses import replace

import numpy as np
import pytest
import torch

from onward.hw.spec.config import ConfigError, CoreConfig
from onward.hw.spec.presets import PRESETS
from onward.sw.data.datasets import load
from onward.sw.golden.golden import Golden
from onward.sw.golden.sample import Batch
from onward.sw.programs.assembler import AssemblyError, Program
from onward.sw.programs.sigprop import SigPropParameters, build_sigprop, initial_sigprop_weights
from onward.sw.reference.sigprop import SigProp
from tests.sw.programs.mean_change import Matrices, lively_rows, mean_changes, real_matrices, sparse_image
from tests.sw.programs.pff_bench import RAGGED

PARAMETERS = SigPropParameters(rate=0.02, readout_rate=0.03, input_scale=2.5, similarity=4.0)
CORE = replace(RAGGED, operand_bits=18, vectors=128, elements=128)


def reference(config: CoreConfig, parameters: SigPropParameters, real: Matrices) -> SigProp:
    """The float rule with a program's weights."""
    net = SigProp(config.inputs, config.hidden, config.classes, parameters.input_scale, parameters.similarity)
    with torch.no_grad():
        net.S[:] = torch.tensor(real["S"])
        for number, (W, b) in enumerate(zip(net.W, net.b, strict=True), 1):
            W[:] = torch.tensor(real[f"W{number}"])
            b[:] = torch.tensor(real[f"b{number}"][0])
    return net


@pytest.mark.parametrize("hidden", [(10, 7), (5,), (7, 12, 6)])
@pytest.mark.parametrize("rate", [0.02, 0.1])
def test_a_sample_changes_what_the_float_rule_changes(hidden: tuple[int, ...], rate: float) -> None:
    config, parameters = replace(CORE, hidden=hidden), replace(PARAMETERS, rate=rate)
    program = build_sigprop(config, parameters)
    rows = lively_rows(program, initial_sigprop_weights(program, 3))
    image = sparse_image(config.inputs)
    changes = mean_changes(program, rows, image, label=2)
    net = reference(config, parameters, real_matrices(program, rows))
    loss = net.loss(torch.tensor(image / 256), torch.tensor([2]))
    gradients = torch.autograd.grad(loss, (*net.W, *net.b, net.S))
    layers = len(hidden)
    wanted = {f"W{number + 1}": -rate * gradients[number].numpy() for number in range(layers)}
    wanted |= {f"b{number + 1}": -rate * gradients[layers + number].numpy()[None] for number in range(layers)}
    wanted["S"] = -0.03 * gradients[-1].numpy()
    for name, change in changes.items():
        size = np.abs(wanted[name]).max()
        assert size > 5e-4
        np.testing.assert_allclose(change, wanted[name], atol=0.02 * size + 5e-5, err_msg=name)


def classify(program: Program, rows: np.ndarray, images: np.ndarray) -> np.ndarray:
    """Both labels of images, (N, 2)."""
    golden = Golden(program.config)
    golden.load_program(program.instructions)
    golden.state.weights[:] = torch.from_numpy(rows)
    batch = Batch.from_images(images, np.zeros(len(images), np.uint8))
    golden.run(program.entries["prepare"], Batch.from_images(images[:1], np.zeros(1, np.uint8)))
    return np.array(golden.run(program.entries["infer"], batch))


def test_classifies_as_the_float_rule_does() -> None:
    program = build_sigprop(CORE, PARAMETERS)
    rows = lively_rows(program, initial_sigprop_weights(program, 3))
    images = np.concatenate([sparse_image(CORE.inputs, seed) for seed in range(200)])
    both = classify(program, rows, images)
    net = reference(CORE, PARAMETERS, real_matrices(program, rows))
    for guesses, labels in zip(both.T, net.predict(torch.tensor(images / 256)), strict=True):
        assert (guesses == labels.numpy()).mean() > 0.98
    assert (both[:, 0] != both[:, 1]).any()


def test_learns() -> None:
    config, data = PRESETS["ulx3s-85f"], load("mnist-small")
    parameters = SigPropParameters()
    program = build_sigprop(config, parameters)
    golden = Golden(config)
    golden.state.weights[:] = torch.from_numpy(initial_sigprop_weights(program, 1))
    for factor, part in zip((1.0, 0.5, 0.2), np.array_split(np.arange(10_000), 3), strict=True):
        golden.load_program(build_sigprop(config, parameters.scaled(factor)).instructions)
        golden.run(program.entries["train"], Batch.from_images(data.train_images[part], data.train_labels[part]))
    both = classify(program, golden.state.weights.numpy(), data.test_images[:1000])
    errors = 100 * (both != data.test_labels[:1000, None]).mean(axis=0)
    assert (errors < 12).all(), errors


def test_refused() -> None:
    with pytest.raises(ConfigError, match="the weights need at least"):
        build_sigprop(replace(PRESETS["tiny"], rows=30))
    with pytest.raises(AssemblyError, match="vector words"):
        build_sigprop(replace(PRESETS["tiny"], vectors=9))
    for wrong in ({"rate": -1.0}, {"readout_rate": 9.0}, {"input_scale": 0.0}, {"similarity": 16.0}):
        with pytest.raises(ConfigError, match="must be"):
            SigPropParameters(**wrong)


def test_any_depth() -> None:
    config = replace(PRESETS["ulx3s-85f"], hidden=(8,) * 8, vectors=128, elements=512, program=1024)
    assert build_sigprop(config).map.used > 0
