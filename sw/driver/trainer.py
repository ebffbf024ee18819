"""Trainings and evaluations on a board."""

from __future__ import annotations

import time
from collections.abc import Callable
from dataclasses import dataclass
from itertools import pairwise

import numpy as np
from numpy.typing import NDArray

from onward.hw.spec.config import CoreConfig
from onward.sw.golden.sample import Batch
from onward.sw.programs.assembler import Program

from .board import Board, Progress
from .recipe import Recipe, Step
from .samples import check_images, check_recipe, training_batches

__all__ = ["Evaluation", "StepDone", "Training", "TrainingProgress", "evaluate", "step_program", "train"]

TrainingProgress = Callable[[int, float | None], None]
"""Called with the samples done so far and the training error of the last step in percent, None before there is one."""

StepDone = Callable[[Step, float, float], None]
"""Called after each step with the training error in it in percent, and the seconds that it took."""

_CURVE_POINTS = 100


@dataclass(frozen=True)
class Training:
    """What a training has left.

    Members
    -------
    program : the program of its last step.
    weights : the rows that it uses, (rows, lanes).
    guesses, labels : what the readout said of each sample before learning it, and what was right.
    counters : of the board, for these samples.
    seconds : that it took here.
    """

    program: Program
    weights: NDArray[np.int32]
    guesses: NDArray[np.int64]
    labels: NDArray[np.int64]
    counters: dict[str, int | None]
    seconds: float

    def curve(self) -> list[dict[str, float]]:
        """Training error in percent over time: up to 100 points, each over the samples since the one before."""
        wrong = self.guesses != self.labels
        points = min(_CURVE_POINTS, len(wrong))
        edges = [len(wrong) * i // points for i in range(points + 1)]
        return [
            {"samples": end, "training_error": 100 * float(wrong[begin:end].mean())} for begin, end in pairwise(edges)
        ]


@dataclass(frozen=True)
class Evaluation:
    """Labels that a trained network gives test images: the one of best goodness, and the readout's."""

    goodness: NDArray[np.int64]
    readout: NDArray[np.int64]
    labels: NDArray[np.int64]

    @property
    def error_goodness(self) -> float:
        """Images that goodness gives a wrong label, in percent."""
        return 100 * float((self.goodness != self.labels).mean())

    @property
    def error_readout(self) -> float:
        """Images that the readout gives a wrong label, in percent."""
        return 100 * float((self.readout != self.labels).mean())


def step_program(config: CoreConfig, recipe: Recipe, step: Step) -> Program:
    """The program of one step: the rule's, with the learning rates of that time."""
    return recipe.method.build(config, recipe.parameters.scaled(step.factor))


def train(
    board: Board,
    recipe: Recipe,
    images: NDArray[np.uint8],
    labels: NDArray[np.uint8],
    progress: TrainingProgress | None = None,
    weights: NDArray[np.int32] | None = None,
    first_step: int = 0,
    last_step: int | None = None,
    step_done: StepDone | None = None,
) -> Training:
    """Train on ``board`` from the recipe's start weights; resets the board's counters.

    With the ``weights`` that a training had before its step ``first_step``, the rest of it is done, with the same end;
    or a part of the rest, to before ``last_step``.

    Raises
    ------
    ConfigError
        If the images do not fit the core or the recipe.
    """
    check_recipe(board.config, recipe, images, labels)
    report = progress or (lambda done, error: None)
    program = step_program(board.config, recipe, recipe.steps()[first_step])
    if weights is None:
        weights = recipe.method.initial_weights(program, recipe.seed)[: program.map.used]
    board.write_weights(weights)
    board.reset()
    guesses: list[int] = []
    truth: list[int] = []
    error: float | None = None
    began = time.monotonic()
    for step, batch in training_batches(recipe, images, labels, first_step, last_step):
        step_began = time.monotonic()
        program = step_program(board.config, recipe, step)
        board.load_program(program)
        board.seed(step.seed)
        results = board.run("train", batch, _shifted(report, step.first, error))
        guesses += [words[0] for words in results]
        truth += batch.labels.tolist()
        error = 100 * float(np.mean(np.array(guesses[-len(batch) :]) != batch.labels))
        report(step.first + len(batch), error)
        if step_done:
            step_done(step, error, time.monotonic() - step_began)
    seconds = time.monotonic() - began
    counters = board.counters()
    return Training(program, board.read_weights(), np.array(guesses), np.array(truth), counters, seconds)


def evaluate(
    board: Board,
    program: Program,
    images: NDArray[np.uint8],
    labels: NDArray[np.uint8],
    progress: Progress | None = None,
) -> Evaluation:
    """Classify images with the weights that are on the board, by the entry ``infer`` of ``program``.

    An entry ``prepare``, if the program has one, is run once before: what it leaves in registers serves all images.

    Raises
    ------
    ConfigError
        If the images do not fit the core.
    """
    check_images(board.config, images, labels, len(images))
    board.load_program(program)
    batch = Batch.from_images(images, labels)
    if "prepare" in program.entries:
        board.run("prepare", Batch.from_images(images[:1], labels[:1]))
    results = np.array(board.run("infer", batch, progress), dtype=np.int64)
    return Evaluation(results[:, 0], results[:, 1], labels.astype(np.int64))


def _shifted(report: TrainingProgress, first: int, error: float | None) -> Progress:
    return lambda done: report(first + done, error)
