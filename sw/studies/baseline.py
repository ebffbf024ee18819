"""Backpropagation in float on the samples of a training: what a study compares the fixed-point rules with."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import torch
from numpy.typing import NDArray

from onward.hw.spec.config import ConfigError, CoreConfig
from onward.sw.driver.recipe import Recipe
from onward.sw.driver.samples import check_recipe, training_batches
from onward.sw.reference.backprop import Backprop, BackpropConfig
from onward.sw.reference.backprop_online import train_online

__all__ = ["BackpropParameters", "train_backprop"]


@dataclass(frozen=True)
class BackpropParameters:
    """``rate`` learning rate at the start, ``input_scale`` length of an image after its normalisation."""

    # 784-128-128, 10,000 images of MNIST, 5 epochs: 5.5, 5.1 and 5.3 % wrong with 0.02, 0.04 and 0.08.
    rate: float = 0.04
    input_scale: float = 3.0

    def __post_init__(self) -> None:
        if not 0 <= self.rate <= 8:
            raise ConfigError(f"the learning rate must be 0 to 8, not {self.rate}")
        if not 0 < self.input_scale <= 100:
            raise ConfigError(f"input_scale must be above 0 and at most 100, not {self.input_scale}")


def train_backprop(
    config: CoreConfig,
    order: Recipe,
    parameters: BackpropParameters,
    images: NDArray[np.uint8],
    labels: NDArray[np.uint8],
) -> Backprop:
    """Train a float net of the core's sizes on one sample at a time.

    Parameters
    ----------
    config : the core whose inputs, hidden layers and classes the net has.
    order : the training whose samples, in the same order and equally shifted, and whose seed and schedule of the
        learning rate are used; its rule and that rule's parameters are not.
    parameters : the learning rate at the start, and the scale of the images.
    images, labels : of training.

    Raises
    ------
    ConfigError
        If the images do not fit the core or the training.
    """
    check_recipe(config, order, images, labels)
    sizes = BackpropConfig(
        config.inputs, config.hidden, config.classes, parameters.input_scale, parameters.rate, decay=1.0
    )
    net = Backprop(sizes, order.seed, torch.float32)
    for step, batch in training_batches(order, images, labels):
        net.learning_rate = parameters.rate * step.factor
        train_online(net, batch)
    return net
