"""Rules of the core in float, on the samples of a training."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest

from onward.hw.spec.config import ConfigError
from onward.sw.data.augment import jitter
from onward.sw.data.datasets import Dataset
from onward.sw.driver.imaging import squared_error
from onward.sw.driver.recipe import Recipe
from onward.sw.driver.rules import RULES
from onward.sw.golden.sample import Batch
from onward.sw.programs.pff_parameters import PFFParameters
from onward.sw.reference.ff_online import FFOnline
from onward.sw.reference.pff_online import PFFOnline
from onward.sw.studies.float_rules import FLOAT_RULES
from tests.sw.driver.driver_data import TINY, patterns

CONFIG = replace(TINY, inputs=16, group=2)
ORDER = Recipe("ff", 30, 75, RULES["ff"].parameters, seed=2, final=0.1, jitter=1, jitter_until=0.6)


def data(count: int = 40) -> Dataset:
    return Dataset("patterns", *patterns(count, CONFIG), *patterns(60, CONFIG, seed=1))


def learnt(net: FFOnline | PFFOnline) -> None:
    """Train ``net`` on the samples of the order, written out."""
    images, labels = data().train_images[:30], data().train_labels
    for step in ORDER.steps():
        shifted = jitter(images, 2, step.epoch, 1) if ORDER.jittered(step.epoch) else images
        net.train(Batch.from_images(shifted[step.images], labels[step.images]), step.factor)


def test_ff_is_trained_on_the_same_samples_in_the_same_order() -> None:
    rule, test = FLOAT_RULES["ff-float"], (data().test_images, data().test_labels)
    assert rule.parameters == RULES["ff"].parameters
    net = FFOnline(16, CONFIG.hidden, CONFIG.classes, RULES["ff"].parameters, seed=2)
    learnt(net)
    errors = [100 * float((scores.argmax(1) != test[1]).mean()) for scores in net.scores(test[0])]
    assert rule.figures(CONFIG, ORDER, rule.parameters, data(), test) == dict(
        zip(("goodness", "readout"), errors, strict=True)
    )


@pytest.mark.parametrize("generator", ["start", "off"])
def test_pff_is_trained_on_the_same_samples_in_the_same_order(generator: str) -> None:
    rule, test = FLOAT_RULES["pff-float"], (data().test_images, data().test_labels)
    assert rule.parameters == RULES["pff"].parameters
    parameters = PFFParameters(codes=5, generator=generator)
    net = PFFOnline(16, CONFIG.hidden, CONFIG.classes, CONFIG.group, parameters, seed=2)
    learnt(net)
    errors = [100 * float((scores.argmax(1) != test[1]).mean()) for scores in net.scores(test[0])]
    expected = dict(zip(("goodness", "readout"), errors, strict=True))
    if generator == "start":
        made = net.reconstruct(test[0])
        expected |= {
            name: squared_error(test[0], each)
            for name, each in zip(("mse_per_image", "mse_per_image_first"), made, strict=True)
        }
    assert rule.figures(CONFIG, ORDER, parameters, data(), test) == expected


@pytest.mark.parametrize("rule", ["ff-float", "pff-float"])
def test_images_that_do_not_fit(rule: str) -> None:
    images, labels = np.zeros((9, 9), np.uint8), np.zeros(9, np.uint8)
    wrong = Dataset("wrong", images, labels, images, labels)
    method, order = FLOAT_RULES[rule], replace(ORDER, images=9, samples=9)
    with pytest.raises(ConfigError, match="the images have 9 pixels"):
        method.figures(CONFIG, order, method.parameters, wrong, (images, labels))
