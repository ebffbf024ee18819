"""What commands that train share: data, a training and its test with progress, and the figures."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import asdict
from pathlib import Path
from typing import Any

from onward.hw.spec.config import ConfigError, CoreConfig
from onward.sw.data.datasets import Dataset, load
from onward.sw.data.errors import DatasetError
from onward.sw.driver.board import Board
from onward.sw.driver.fitting import fit_dataset
from onward.sw.driver.metrics import evaluation_figures, training_figures, validation_figures
from onward.sw.driver.recipe import Recipe
from onward.sw.driver.rules import Parameters, change_parameters, find_rule
from onward.sw.driver.trainer import Evaluation, Training, evaluate, train
from onward.sw.driver.training_state import ValidationPoint

from .progress import progress_bar, training_note

__all__ = [
    "chosen_parameters",
    "count_images",
    "load_fitted",
    "parameter_changes",
    "run_figures",
    "test_network",
    "train_and_test",
]


def chosen_parameters(rule: str, settings: list[str] | None, **given: float | None) -> Parameters:
    """A rule's usual parameters with those that were ``given`` and the ``settings`` NAME=VALUE.

    Raises
    ------
    ConfigError
        For an unknown rule or parameter, or a value that is none.
    """
    changes = {name: repr(value) for name, value in given.items() if value is not None}
    return change_parameters(find_rule(rule).parameters, changes | parameter_changes(settings))


def parameter_changes(settings: list[str] | None) -> dict[str, str]:
    """Names and values of ``settings`` NAME=VALUE; raises ConfigError if one is none."""
    changes = {}
    for setting in settings or ():
        name, equals, value = setting.partition("=")
        if not equals:
            raise ConfigError(f"--set takes NAME=VALUE, such as rate=0.1, not {setting!r}")
        changes[name] = value
    return changes


def load_fitted(name: str, folder: Path | None, config: CoreConfig) -> Dataset:
    """The data set called ``name``, cut to the core if it has another shape."""
    return fit_dataset(load(name, folder), config)


def count_images(wanted: int | None, available: int, what: str) -> int:
    """How many images to use: all, or ``wanted``; raises DatasetError if there are fewer, or none."""
    if available < 1:
        raise DatasetError(f"no {what} images are left")
    if wanted is None:
        return available
    if wanted > available:
        raise DatasetError(f"there are {available:,} {what} images, not {wanted:,}")
    return wanted


def train_and_test(board: Board, recipe: Recipe, data: Dataset, test: int) -> tuple[Training, Evaluation]:
    """Train, then classify the first ``test`` test images, with progress on a terminal."""
    with progress_bar(f"train on {board.name}", recipe.samples) as advance:
        training = train(board, recipe, data.train_images, data.train_labels, training_note(advance))
    return training, test_network(board, recipe, data, test)


def test_network(board: Board, recipe: Recipe, data: Dataset, test: int) -> Evaluation:
    """Classify the first ``test`` test images with the weights on the board, with progress on a terminal."""
    with progress_bar(f"test on {board.name}", test) as advance:
        images, labels = data.test_images[:test], data.test_labels[:test]
        program = recipe.method.build_inference(board.config, recipe.parameters)
        return evaluate(board, program, images, labels, advance)


def run_figures(
    board: Board,
    recipe: Recipe,
    data: Dataset,
    training: Training,
    test: Evaluation | None,
    validation_samples: int = 0,
    validation: Sequence[ValidationPoint] = (),
    resumed: int = 0,
) -> dict[str, Any]:
    """The report of a run: what was done, where, and what came of it."""
    config = board.config
    return {
        "preset": config.name,
        "digest": config.digest,
        "inputs": config.inputs,
        "hidden": list(config.hidden),
        "classes": config.classes,
        "lanes": config.lanes,
        "weight_bits": config.weight_bits,
        "rule": recipe.rule,
        "board": board.name,
        "dataset": data.name,
        "images": recipe.images,
        "epochs": recipe.samples / recipe.images,
        "seed": recipe.seed,
        "parameters": asdict(recipe.parameters),
        "schedule": recipe.schedule,
        "final": recipe.final,
        "jitter": recipe.jitter,
        "jitter_until": recipe.jitter_until,
        "resumed": resumed,
        **evaluation_figures(test),
        **validation_figures(validation_samples, validation),
        **training_figures(config, training),
    }
