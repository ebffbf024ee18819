"""What ``train`` and ``demo`` share: data, a training and its test with progress, and the files of a run."""

from __future__ import annotations

from dataclasses import asdict
from pathlib import Path
from typing import Any

from onward.hw.spec.config import ConfigError, CoreConfig
from onward.sw.data.datasets import Dataset, load
from onward.sw.data.errors import DatasetError
from onward.sw.driver.board import Board
from onward.sw.driver.checkpoint import Checkpoint
from onward.sw.driver.fitting import fit_dataset
from onward.sw.driver.metrics import evaluation_figures, training_figures
from onward.sw.driver.recipe import Recipe
from onward.sw.driver.rules import Parameters, change_parameters, find_rule
from onward.sw.driver.trainer import Evaluation, Training, evaluate, train

from .pictures import draw_learning_curve
from .progress import progress_bar, training_note
from .report import write_json

__all__ = ["chosen_parameters", "count_images", "load_fitted", "run_figures", "train_and_test", "write_run"]


def chosen_parameters(rule: str, settings: list[str] | None, **given: float | None) -> Parameters:
    """A rule's usual parameters with those that were ``given`` and the ``settings`` NAME=VALUE.

    Raises
    ------
    ConfigError
        For an unknown rule or parameter, or a value that is none.
    """
    changes = {name: repr(value) for name, value in given.items() if value is not None}
    for setting in settings or ():
        name, equals, value = setting.partition("=")
        if not equals:
            raise ConfigError(f"--set takes NAME=VALUE, such as rate=0.1, not {setting!r}")
        changes[name] = value
    return change_parameters(find_rule(rule).parameters, changes)


def load_fitted(name: str, folder: Path | None, config: CoreConfig) -> Dataset:
    """The data set called ``name``, cut to the core if it has another shape."""
    return fit_dataset(load(name, folder), config)


def count_images(wanted: int | None, available: int, what: str) -> int:
    """How many images to use: all, or ``wanted``; raises DatasetError if there are fewer."""
    if wanted is None:
        return available
    if wanted > available:
        raise DatasetError(f"there are {available:,} {what} images, not {wanted:,}")
    return wanted


def train_and_test(board: Board, recipe: Recipe, data: Dataset, test: int) -> tuple[Training, Evaluation]:
    """Train, then classify the first ``test`` test images, with progress on a terminal."""
    with progress_bar(f"train on {board.name}", recipe.samples) as advance:
        training = train(board, recipe, data.train_images, data.train_labels, training_note(advance))
    with progress_bar(f"test on {board.name}", test) as advance:
        images, labels = data.test_images[:test], data.test_labels[:test]
        program = recipe.method.build_inference(board.config, recipe.parameters)
        evaluation = evaluate(board, program, images, labels, advance)
    return training, evaluation


def run_figures(board: Board, recipe: Recipe, data: Dataset, training: Training, test: Evaluation) -> dict[str, Any]:
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
        "final": recipe.final,
        "jitter": recipe.jitter,
        "jitter_until": recipe.jitter_until,
        **evaluation_figures(test),
        **training_figures(config, training),
    }


def write_run(folder: Path, board: Board, recipe: Recipe, training: Training, figures: dict[str, Any]) -> None:
    """Write checkpoint, metrics and learning curve of a run into ``folder``."""
    map = training.program.map
    checkpoint = Checkpoint.from_rows(board.config, recipe, figures["dataset"], map, training.weights)
    checkpoint.save(folder / "checkpoint.safetensors")
    title = f"{recipe.rule} on {figures['dataset']}, {board.config.name}"
    draw_learning_curve(folder / "learning-curve.png", figures["curve"], title, figures["test_error_goodness"])
    write_json(folder / "metrics.json", figures)
