"""Trainings of a forward-forward network whose layers are apart: in a pipeline of cores, or one after the other."""

from __future__ import annotations

import time
from collections.abc import Callable, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from onward.hw.spec.config import ConfigError
from onward.sw.golden.sample import Batch
from onward.sw.programs.assembler import Program
from onward.sw.programs.ff import FFParameters

from .board import Board
from .recipe import Recipe, Step
from .samples import check_recipe, training_batches
from .stages import Stage, handover_batch, make_stages

__all__ = ["LayerTraining", "StageTraining", "train_in_turn", "train_pipeline"]

Watch = Callable[[str, int], None]
"""Called with what is going on, and the samples done in it so far."""


@dataclass
class StageTraining:
    """What the training of one layer has left.

    Members
    -------
    stage : the layer.
    program : of its last step.
    weights : the rows that it uses, (rows, lanes).
    counters : of its core.
    elapsed : clock cycles of its board while it trained, link and waiting included; None if the board does not know.
    rows : of the weight memory that it took, those for handing on included.
    handover_cycles : that it took to hand on all images after the training, 0 if it was not done; None if unknown.
    """

    stage: Stage
    program: Program
    weights: NDArray[np.int32]
    counters: dict[str, int | None]
    elapsed: int | None
    rows: int
    handover_cycles: int | None = 0


@dataclass(frozen=True)
class LayerTraining:
    """What a training in parts has left.

    Members
    -------
    stages : of each layer, from the first on.
    guesses, labels : what the readout of layer 1 said of each image before learning it, and what was right.
    stored : bytes of activities that the host kept at a time, at most; a pipeline keeps none.
    seconds : that it took here.
    """

    stages: list[StageTraining]
    guesses: NDArray[np.int64]
    labels: NDArray[np.int64]
    stored: int
    seconds: float


class _Core:
    """A board that trains one stage."""

    def __init__(self, board: Board, stage: Stage, recipe: Recipe, hands_on: bool) -> None:
        assert isinstance(recipe.parameters, FFParameters)
        self.board, self.stage, self.parameters, self.hands_on = board, stage, recipe.parameters, hands_on
        self.elapsed = 0
        self.program = stage.program(self.parameters, hands_on)
        board.load_program(self.program)
        board.write_weights(stage.initial_weights(self.program, recipe.seed))
        board.reset()

    def learn(self, step: Step, batch: Batch) -> list[list[int]]:
        """Learn the samples of a step; returns their results."""
        self.program = self.stage.program(self.parameters.scaled(step.factor), self.hands_on)
        self.board.load_program(self.program)
        self.board.seed(step.seed)
        began = self.board.clock()
        results = self.board.run("train", batch)
        if began is not None:
            self.elapsed += (self.board.clock() or 0) - began
        return results

    def outcome(self) -> StageTraining:
        """What it has come to."""
        elapsed = None if self.board.clock() is None else self.elapsed
        weights, counters = self.board.read_weights(), self.board.counters()
        return StageTraining(self.stage, self.program, weights, counters, elapsed, len(weights))


def train_pipeline(
    boards: Sequence[Board],
    recipe: Recipe,
    images: NDArray[np.uint8],
    labels: NDArray[np.uint8],
    watch: Watch = lambda what, done: None,
) -> LayerTraining:
    """Train a layer on each board at the same time: while one learns a step, the next learns what it handed on before.

    Raises
    ------
    ConfigError
        If the images do not fit the core or the recipe.
    """
    check_recipe(boards[0].config, recipe, images, labels)
    stages = make_stages(boards[0].config)
    cores = [_Core(board, stage, recipe, stage.hands_on) for board, stage in zip(boards, stages, strict=True)]
    source = training_batches(recipe, images, labels)
    tasks: list[tuple[Step, Batch] | None] = [next(source, None), *[None] * (len(cores) - 1)]
    guesses: list[int] = []
    truth: list[int] = []
    began = time.monotonic()
    with ThreadPoolExecutor(len(cores)) as threads:
        while any(tasks):
            runs = [
                threads.submit(core.learn, *task) if task else None for core, task in zip(cores, tasks, strict=True)
            ]
            results = [run.result() if run else [] for run in runs]
            if task := tasks[0]:
                guesses += [words[0] for words in results[0]]
                truth += task[1].labels.tolist()
                watch("train", len(truth))
            handed_on = [
                (task[0], handover_batch(core.stage.handed_on(words))) if task else None
                for core, task, words in zip(cores[:-1], tasks, results, strict=False)
            ]
            tasks = [next(source, None), *handed_on]
    seconds = time.monotonic() - began
    return LayerTraining([core.outcome() for core in cores], np.array(guesses), np.array(truth), 0, seconds)


def train_in_turn(
    board: Board,
    recipe: Recipe,
    images: NDArray[np.uint8],
    labels: NDArray[np.uint8],
    watch: Watch = lambda what, done: None,
) -> LayerTraining:
    """Train one layer after the other on one board, which never holds the weights of two.

    A layer that has learnt runs over the images once more, and the host keeps its activities, with one negative for
    each image: the samples of the layer above.

    Raises
    ------
    ConfigError
        If the images do not fit the core or the recipe, or would be shifted: there is one activity for each.
    """
    check_recipe(board.config, recipe, images, labels)
    if recipe.jitter:
        raise ConfigError("layers that learn in turn see each image's activities as they were kept: no jitter")
    outcomes: list[StageTraining] = []
    guesses: list[int] = []
    truth: list[int] = []
    stored, kept = 0, None
    began = time.monotonic()
    for stage in make_stages(board.config):
        core = _Core(board, stage, recipe, hands_on=False)
        done = 0
        for step, batch in training_batches(recipe, images, labels):
            if kept is None:
                guesses += [words[0] for words in core.learn(step, batch)]
                truth += batch.labels.tolist()
            else:
                core.learn(step, handover_batch(kept[step.images]))
            done += len(batch)
            watch(f"layer {stage.number}", done)
        outcomes.append(core.outcome())
        if stage.hands_on:
            first = Batch.from_images(images[: recipe.images], labels[: recipe.images])
            batch = first if kept is None else handover_batch(kept)
            kept = _hand_on(board, outcomes[-1], recipe, batch)
            stored = max(stored, kept.nbytes)
    seconds = time.monotonic() - began
    return LayerTraining(outcomes, np.array(guesses), np.array(truth), stored, seconds)


def _hand_on(board: Board, trained: StageTraining, recipe: Recipe, batch: Batch) -> NDArray[np.uint8]:
    """Pixels (images, phases, units) that a trained stage hands on for the samples of a batch."""
    stage = trained.stage
    assert isinstance(recipe.parameters, FFParameters)
    program = stage.program(recipe.parameters, hands_on=True)
    rows = stage.initial_weights(program, recipe.seed)
    rows[: len(trained.weights)] = trained.weights
    board.load_program(program)
    board.write_weights(rows)
    board.seed(recipe.seed)
    board.reset()
    results = board.run("activities", batch)
    trained.rows, trained.handover_cycles = len(rows), board.counters()["cycles"]
    return stage.handed_on(results)
