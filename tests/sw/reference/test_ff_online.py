"""Compiled forward-forward in float against autodiff of its local losses, and against the core's start."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest
import torch
from torch import Tensor
from torch.nn.functional import cross_entropy, softplus

from onward.hw.spec.presets import PRESETS
from onward.sw.golden.sample import Batch
from onward.sw.programs.ff import FFParameters, build_ff, initial_weights
from onward.sw.reference.ff_online import FFOnline
from onward.sw.reference.goodness import goodness, layer_norm

# LN of the reference adds 1e-8 to a length, hence 1e-6 for float64 below.
LIVELY = FFParameters(rate=0.4, readout_rate=0.3, label_scale=0.7, slope=0.6, margin=0.8, bias_factor=0.5)
TINY = PRESETS["tiny"]


def images(count: int, inputs: int = 12, classes: int = 4) -> tuple[np.ndarray, np.ndarray]:
    random = np.random.default_rng(3)
    pixels = random.integers(1, 256, (count, inputs)) * (random.random((count, inputs)) < 0.6)
    pixels[1] = 0  # an image without any ink
    return pixels.astype(np.uint8), random.integers(0, classes, count).astype(np.uint8)


def lively(hidden: tuple[int, ...], dtype: type = np.float64, parameters: FFParameters = LIVELY) -> FFOnline:
    """A net of whose matrices none is 0."""
    net = FFOnline(12, hidden, 4, parameters, seed=2, dtype=dtype)
    random = np.random.default_rng(1)
    for name, value in net.weights.items():
        if name[0] in "bR":
            value[:] = random.normal(0, 0.2, value.shape)
    return net


class Autodiff:
    """The same by autodiff; label inputs of the neutral pass are 0.1 as in the program."""

    def __init__(self, net: FFOnline) -> None:
        self.p = net.parameters
        self.w = {name: torch.tensor(value, requires_grad=True) for name, value in net.weights.items()}
        self.depth = sum(name[0] == "R" for name in self.w)

    def layers(self, x: Tensor, y: Tensor) -> list[Tensor]:
        """Activities of all layers; no gradient crosses one."""
        w, z = self.w, []
        drive = layer_norm(x) @ w["W1"] + w["b1"] + self.p.label_scale * y @ w["WL"]
        for number in range(1, self.depth + 1):
            z.append(torch.relu(drive))
            if number < self.depth:
                drive = layer_norm(z[-1].detach()) @ w[f"W{number + 1}"] + w[f"b{number + 1}"]
        return z

    def readout(self, x: Tensor) -> Tensor:
        neutral = self.layers(x, torch.full((1, 4), 0.1, dtype=x.dtype))
        return torch.stack([layer_norm(z.detach()) @ self.w[f"R{i}"].T for i, z in enumerate(neutral, 1)]).sum(0)

    def score(self, x: Tensor) -> Tensor:
        return (
            -torch.stack([goodness(z) for y in torch.eye(4, dtype=x.dtype) for z in self.layers(x, y[None])])
            .view(4, self.depth)
            .sum(1)
        )

    def train(self, x: Tensor, label: int, wrong: int) -> None:
        p, eye = self.p, torch.eye(4, dtype=x.dtype)
        loss = p.readout_rate * cross_entropy(self.readout(x), torch.tensor([label]))
        pair = zip(self.layers(x, eye[[label]]), self.layers(x, eye[[wrong]]), strict=True)
        for positive, negative in pair:
            margin = p.slope * (goodness(positive) - goodness(negative)) + p.margin
            # Half of the loss: the rate absorbs the 2 of the derivative of a square.
            loss = loss + p.rate * softplus(margin).sum() / (2 * p.slope)
        loss.backward()
        with torch.no_grad():
            for name, value in self.w.items():
                if value.grad is not None:
                    value -= value.grad * (p.bias_factor if name[0] == "b" else 1)
                    value.grad = None


@pytest.mark.parametrize("hidden", [(7,), (7, 5), (6, 5, 4)])
@pytest.mark.parametrize("negatives", ["hard", "random"])
@pytest.mark.parametrize(("dtype", "tolerance"), [(np.float64, 1e-6), (np.float32, 1e-4)])
def test_equals_autodiff(hidden: tuple[int, ...], negatives: str, dtype: type, tolerance: float) -> None:
    net = lively(hidden, dtype, replace(LIVELY, negatives=negatives))
    start = {name: value.copy() for name, value in net.weights.items()}
    expected = Autodiff(net)
    pixels, labels = images(12)
    wrongs = net.train(Batch.from_images(pixels, labels))
    assert (wrongs != labels).all()
    x = torch.tensor(pixels).to(expected.w["WL"].dtype)
    for image, label, wrong in zip(x, labels.tolist(), wrongs.tolist(), strict=True):
        expected.train(image[None], label, wrong)
    for name, value in net.weights.items():
        np.testing.assert_allclose(value, expected.w[name].detach(), atol=tolerance, rtol=tolerance, err_msg=name)
        assert np.abs(value - start[name]).max() > 0.02, name
    by_goodness, by_readout = net.scores(pixels)
    for i, image in enumerate(x):
        np.testing.assert_allclose(by_goodness[i], expected.score(image[None]).detach(), atol=100 * tolerance)
        np.testing.assert_allclose(by_readout[i], expected.readout(image[None])[0].detach(), atol=10 * tolerance)


def test_factor_is_of_both_rates() -> None:
    nets = lively((7, 5)), lively((7, 5), parameters=LIVELY.scaled(0.3))
    batch = Batch.from_images(*images(9))
    nets[0].train(batch, 0.3)
    nets[1].train(batch)
    for a, b in zip(*(net.weights.values() for net in nets), strict=True):
        np.testing.assert_allclose(a, b, atol=1e-12)


@pytest.mark.parametrize("negatives", ["hard", "random"])
def test_wrong_labels_are_drawn_as_often_as_their_chances_say(negatives: str) -> None:
    net = lively((7, 5), parameters=replace(LIVELY, negatives=negatives, floor=0.05).scaled(0))
    net.weights["R1"] *= 10
    pixels, draws, label = images(2)[0][:1], 4000, 1
    wrongs = net.train(Batch.from_images(pixels.repeat(draws, 0), np.full(draws, label, np.uint8)))
    chances = torch.softmax(torch.tensor(net.scores(pixels)[1][0]), 0).numpy() + 0.05
    chances = np.ones(4) if negatives == "random" else chances
    chances[label] = 0
    chances /= chances.sum()
    counts = np.bincount(wrongs, minlength=4)
    # Four standard deviations; hard ones are far from uniform here.
    assert (np.abs(counts - draws * chances) <= 4 * np.sqrt(draws * chances * (1 - chances))).all()
    assert (np.ptp(chances[chances > 0]) > 0.1) == (negatives == "hard")


def test_starts_as_the_core_does() -> None:
    program = build_ff(TINY)
    rows = initial_weights(program, 5)
    net = FFOnline(TINY.inputs, TINY.hidden, TINY.classes, FFParameters(), seed=5, dtype=np.float64)
    assert net.weights.keys() == program.map.matrices.keys()
    for name, matrix in program.map.matrices.items():
        real = net.weights[name] * 2**TINY.weight.fraction
        limits = TINY.weight.min, TINY.weight.max
        np.testing.assert_array_equal(matrix.unpack(rows), np.rint(real).clip(*limits), err_msg=name)
