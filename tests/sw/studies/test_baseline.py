"""Backprop on the samples of a training."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest
import torch

from onward.hw.spec.config import ConfigError
from onward.sw.data.augment import jitter
from onward.sw.driver.recipe import Recipe
from onward.sw.driver.rules import RULES
from onward.sw.reference.backprop import Backprop, BackpropConfig
from onward.sw.studies.baseline import BackpropParameters, train_backprop
from tests.sw.driver.driver_data import TINY, patterns

CONFIG = replace(TINY, inputs=16)


def test_same_samples_in_the_same_order() -> None:
    images, labels = patterns(40, CONFIG)
    order = Recipe("ff", 30, 75, RULES["ff"].parameters, seed=2, final=0.1, jitter=1, jitter_until=0.6)
    parameters = BackpropParameters(rate=0.1)
    net = train_backprop(CONFIG, order, parameters, images, labels)
    expected = Backprop(BackpropConfig(16, (6, 5), 3, 3.0), seed=2)
    for step in order.steps():
        shifted = jitter(images[:30], 2, step.epoch, 1) if order.jittered(step.epoch) else images[:30]
        expected.learning_rate = 0.1 * step.factor
        for i in step.images:
            expected.train_sample(torch.tensor(shifted[i]), int(labels[i]))
    for a, b in zip(net.W, expected.W, strict=True):
        torch.testing.assert_close(a, b, atol=1e-4, rtol=1e-4)


@pytest.mark.parametrize(("values", "reason"), [({"rate": 9.0}, "0 to 8"), ({"input_scale": 0.0}, "above 0")])
def test_refusals(values: dict[str, float], reason: str) -> None:
    with pytest.raises(ConfigError, match=reason):
        BackpropParameters(**values)


def test_images_that_do_not_fit() -> None:
    order = Recipe("ff", 9, 9, RULES["ff"].parameters)
    with pytest.raises(ConfigError, match="the images have 9 pixels"):
        train_backprop(CONFIG, order, BackpropParameters(), np.zeros((9, 9), np.uint8), np.zeros(9, np.uint8))
