"""Compiled predictive forward-forward in float against one sample of it in torch, and against the core's start."""

from __future__ import annotations

from dataclasses import replace
from itertools import product
from typing import Any

import numpy as np
import pytest
import torch

from onward.hw.spec.config import ConfigError
from onward.hw.spec.formats import ELEMENT, WHITE
from onward.sw.golden.sample import Batch
from onward.sw.programs.pff import build_pff
from onward.sw.programs.pff_parameters import PFFParameters
from onward.sw.programs.pff_weights import initial_pff_weights
from onward.sw.reference.pff_online import PFFOnline
from tests.sw.programs.pff_bench import LIVELY, RAGGED, random_images
from tests.sw.programs.pff_float import FloatPFF

MARGIN = replace(LIVELY, margin=0.5, bias_factor=0.5)


def online(parameters: PFFParameters, dtype: type = np.float64, seed: int = 5) -> PFFOnline:
    return PFFOnline(RAGGED.inputs, RAGGED.hidden, RAGGED.classes, RAGGED.group, parameters, seed, dtype)


def lively(parameters: PFFParameters, dtype: type = np.float64) -> PFFOnline:
    """A net of whose matrices none is 0, and of whose lateral weights some are negative and some become so."""
    net, random = online(parameters, dtype), np.random.default_rng(1)
    for name, value in net.weights.items():
        centre, deviation = {"L": (0.03, 0.05), "G": (0.15, 0.3), "b": (0.1, 0.2)}.get(name[0], (0.0, 0.5))
        value[:] = random.normal(centre, deviation, value.shape)
    # Some pixels beyond white.
    net.weights["G1"] *= 3
    return net


def reference(net: PFFOnline) -> FloatPFF:
    weights = {name: torch.tensor(value, dtype=torch.float64) for name, value in net.weights.items()}
    return FloatPFF(RAGGED, net.parameters, weights)


@pytest.mark.parametrize(
    "changes",
    [
        *(
            {"loss": loss, "image_from": source}
            for loss, source in product(("symba", "threshold"), ("own", "predicted"))
        ),
        {"lateral": False},
        {"generator": "off"},
        {"alpha": 0.0},
        {"steps": 2},
        {"steps": 5},
        {"slope": 1.0, "margin": 0.5, "bias_factor": 0.25},
    ],
    ids=str,
)
@pytest.mark.parametrize(("dtype", "tolerance"), [(np.float64, 1e-6), (np.float32, 1e-4)])
def test_equals_one_sample_in_torch(changes: dict[str, Any], dtype: type, tolerance: float) -> None:
    net = lively(replace(LIVELY, **{"image_from": "own", **changes}), dtype)
    pixels, labels = random_images(RAGGED, 6, 2), np.array([0, 1, 2, 3, 0, 1], np.uint8)
    pixels[3] = 0  # an image without any ink
    first = {name: value.copy() for name, value in net.weights.items()}
    for image, label in zip(pixels, labels, strict=True):
        expected = reference(net)
        scores, made = net.scores(image[None]), net.reconstruct(image[None])
        x = expected.pixels(image)
        start = expected.circuit.start(x)
        # The reference's score is the mean over the layers.
        np.testing.assert_allclose(scores[0], 2 * expected.circuit.scores(x), atol=100 * tolerance)
        np.testing.assert_allclose(scores[1], expected.logits(start), atol=10 * tolerance)
        for layer, pixel in zip((2, 1), made, strict=True):
            image_again = expected.image(start[layer - 1], layer).numpy()[None] * 2**ELEMENT.fraction / WHITE
            np.testing.assert_allclose(pixel, image_again.clip(0, 1), atol=tolerance)
        (wrong,) = net.train(Batch.from_images(image[None], np.array([label])))
        assert wrong != label
        after = expected.train(image, int(label), int(wrong), net.parameters.image_from == "predicted")
        for name, value in net.weights.items():
            np.testing.assert_allclose(value, after[name], atol=tolerance, rtol=tolerance, err_msg=name)
    idle = ("L" * (not net.parameters.lateral)) + ("G" * (net.parameters.generator == "off"))
    for name, value in net.weights.items():
        assert (np.abs(value - first[name]).max() > 1e-3) == (name[0] not in idle), name


def test_either_source_of_images_is_drawn() -> None:
    image, label = random_images(RAGGED, 1, 2), np.zeros(1, np.uint8)
    found = {source: [] for source in ("own", "predicted", "either")}
    for source, changed in found.items():
        for seed in range(12 if source == "either" else 1):
            net = lively(replace(LIVELY, image_from=source))
            net._random = np.random.default_rng(seed)
            net.train(Batch.from_images(image, label))
            changed.append(net.weights["G1"])
    own, predicted = found["own"][0], found["predicted"][0]
    assert not np.allclose(own, predicted)
    same = [(np.array_equal(each, own), np.array_equal(each, predicted)) for each in found["either"]]
    assert set(same) == {(True, False), (False, True)}


def test_factor_is_of_all_rates() -> None:
    nets = lively(MARGIN), lively(MARGIN.scaled(0.3))
    batch = Batch.from_images(random_images(RAGGED, 9, 4), np.zeros(9, np.uint8))
    nets[0].train(batch, 0.3)
    nets[1].train(batch)
    for a, b in zip(*(net.weights.values() for net in nets), strict=True):
        np.testing.assert_allclose(a, b, atol=1e-12)


def test_starts_as_the_core_does() -> None:
    program = build_pff(RAGGED, LIVELY)
    rows, net = initial_pff_weights(program, 5), online(LIVELY)
    assert net.weights.keys() == program.map.matrices.keys()
    for name, matrix in program.map.matrices.items():
        real = net.weights[name] * 2**RAGGED.weight.fraction
        limits = RAGGED.weight.min, RAGGED.weight.max
        np.testing.assert_array_equal(matrix.unpack(rows), np.rint(real).clip(*limits), err_msg=name)


@pytest.mark.parametrize("changes", [{"noise": 0.1}, {"generator_noise": 0.1}, {"generator": "steps"}])
def test_refused_parameters(changes: dict[str, Any]) -> None:
    with pytest.raises(ConfigError, match="no noise and no generator = steps"):
        online(replace(LIVELY, **changes))


def test_refused_depth() -> None:
    with pytest.raises(ConfigError, match="exactly two hidden layers, not 3"):
        PFFOnline.check((4, 4, 4), LIVELY)
