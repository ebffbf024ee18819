"""Rules in float, by name: what a study compares the core's fixed point with.

``ff-float`` and ``pff-float`` do what the programs of ``ff`` and ``pff`` do, without rounding and limits of numbers.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

import numpy as np
import torch
from numpy.typing import NDArray

from onward.hw.spec.config import CoreConfig
from onward.sw.data.datasets import Dataset
from onward.sw.driver.imaging import squared_error
from onward.sw.driver.recipe import Recipe
from onward.sw.driver.rules import RULES, Parameters
from onward.sw.driver.samples import check_recipe, training_batches
from onward.sw.programs.ff import FFParameters
from onward.sw.programs.pff_parameters import PFFParameters
from onward.sw.reference.ff_online import FFOnline
from onward.sw.reference.pff_online import PFFOnline

from .baseline import BackpropParameters, train_backprop

__all__ = ["FLOAT_RULES", "FloatRule"]

Labelled = tuple[NDArray[np.uint8], NDArray[np.uint8]]
"""Images and their labels."""


@dataclass(frozen=True)
class FloatRule:
    """A rule in float.

    Members
    -------
    parameters : those that train well.
    fields : of a configuration, what says anything about the net.
    figures : trains a net of a core's sizes by the samples, seed and schedule of a recipe, whose own rule does not
        matter, and tests it; gives the errors in percent ``goodness`` (None if there is none) and ``readout``, and
        further figures by the name of their column.
    check : raises ConfigError if there is no such net.
    """

    parameters: Parameters | BackpropParameters
    fields: tuple[str, ...]
    figures: Callable[[CoreConfig, Recipe, Any, Dataset, Labelled], dict[str, float | None]]
    check: Callable[[CoreConfig, Any], None] = lambda config, parameters: None


def _backprop(
    config: CoreConfig, order: Recipe, parameters: BackpropParameters, data: Dataset, test: Labelled
) -> dict[str, float | None]:
    net = train_backprop(config, order, parameters, data.train_images, data.train_labels)
    return {"goodness": None, "readout": _error(net.predict(torch.tensor(test[0])).numpy(), test[1])}


def _ff(
    config: CoreConfig, order: Recipe, parameters: FFParameters, data: Dataset, test: Labelled
) -> dict[str, float | None]:
    net = FFOnline(config.inputs, config.hidden, config.classes, parameters, order.seed)
    _train(net, config, order, data)
    return _errors(net, test)


def _pff(
    config: CoreConfig, order: Recipe, parameters: PFFParameters, data: Dataset, test: Labelled
) -> dict[str, float | None]:
    net = PFFOnline(config.inputs, config.hidden, config.classes, config.group, parameters, order.seed)
    _train(net, config, order, data)
    figures = _errors(net, test)
    if parameters.generator == "off":
        return figures
    last, first = (squared_error(test[0], made) for made in net.reconstruct(test[0]))
    # Named as in the report of onward reconstruct.
    return figures | {"mse_per_image": last, "mse_per_image_first": first}


def _train(net: FFOnline | PFFOnline, config: CoreConfig, order: Recipe, data: Dataset) -> None:
    check_recipe(config, order, data.train_images, data.train_labels)
    for step, batch in training_batches(order, data.train_images, data.train_labels):
        net.train(batch, step.factor)


def _errors(net: FFOnline | PFFOnline, test: Labelled) -> dict[str, float | None]:
    by_goodness, by_readout = (_error(scores.argmax(1), test[1]) for scores in net.scores(test[0]))
    return {"goodness": by_goodness, "readout": by_readout}


def _error(guesses: NDArray[np.int64], labels: NDArray[np.uint8]) -> float:
    """Percent."""
    return 100 * float((guesses != labels).mean())


_SIZES = ("inputs", "hidden", "classes")

FLOAT_RULES: dict[str, FloatRule] = {
    "backprop": FloatRule(BackpropParameters(), _SIZES, _backprop),
    "ff-float": FloatRule(RULES["ff"].parameters, _SIZES, _ff),
    "pff-float": FloatRule(
        RULES["pff"].parameters,
        (*_SIZES, "group"),
        _pff,
        lambda config, parameters: PFFOnline.check(config.hidden, parameters),
    ),
}
