"""A training in stretches of whole epochs, with validation between them; it can begin where an earlier one ended."""

from __future__ import annotations

from collections.abc import Callable

import numpy as np
from numpy.typing import NDArray

from onward.sw.data.datasets import Dataset

from .board import Board
from .checkpoint import Checkpoint
from .plan import Plan
from .recipe import Step
from .samples import check_images
from .trainer import Training, evaluate, step_program, train
from .training_state import TrainingState, ValidationPoint

__all__ = ["Session", "Watcher"]


class Watcher:
    """Hears how a session goes on. This one does nothing with it."""

    def progress(self, done: int, error: float | None) -> None:
        """So many samples are done; the training error of the last step in percent, None before there is one."""

    def step_done(self, step: Step, error: float, seconds: float, saturations: dict[str, int]) -> None:
        """A step is over. ``saturations`` are those of the training so far."""

    def validated(self, point: ValidationPoint) -> None:
        """The network has been classified on the validation images."""


class Session:
    """A training on a board by a plan.

    Validation runs another program between two steps. It changes registers and counters, but not the weights, and every
    step starts from a program, generators and counters of its own: the training ends as it would without.

    Parameters
    ----------
    board : where to train.
    plan : what to do.
    data : fitted to the core.
    checkpoint : where to begin; None for the start weights.
    watcher : hears how it goes on.

    Attributes
    ----------
    board : may be replaced by another one of the same configuration when :meth:`run` has lost it.
    state : how far the training has come.

    Raises
    ------
    ConfigError
        If images do not fit the core or the plan.
    """

    def __init__(
        self,
        board: Board,
        plan: Plan,
        data: Dataset,
        checkpoint: Checkpoint | None = None,
        watcher: Watcher | None = None,
    ) -> None:
        self.board = board
        self._plan = plan
        self._data = data
        self._watcher = watcher or Watcher()
        self._validation = plan.validation_part(data)
        if plan.validation:
            check_images(board.config, *self._validation, plan.validation)
        self._steps = plan.recipe.steps()
        self.state = TrainingState()
        self._weights: NDArray[np.int32] | None = None
        if checkpoint is not None and checkpoint.state is not None:
            self.state, self._weights = checkpoint.state, checkpoint.rows()

    def run(self, save: Callable[[Checkpoint], None]) -> None:
        """Train to the end; ``save`` gets a checkpoint whenever one is due.

        When it was interrupted by an exception, it goes on from the last checkpoint or validation when called again.
        """
        plan, data, watcher = self._plan, self._data, self._watcher
        for steps, epoch in plan.stops():
            if steps <= self.state.steps:
                continue
            stretch = train(
                self.board,
                plan.recipe,
                data.train_images,
                data.train_labels,
                watcher.progress,
                self._weights,
                self.state.steps,
                steps,
                self._step_done,
            )
            self._weights = stretch.weights
            self.state = self.state.after(stretch, steps)
            if plan.validates(epoch):
                program = plan.recipe.method.build_inference(plan.config, plan.recipe.parameters)
                self.state = self.state.validated(evaluate(self.board, program, *self._validation))
                watcher.validated(self.state.validation[-1])
            if plan.saves(epoch):
                save(self.checkpoint(self.state))

    def checkpoint(self, state: TrainingState | None = None) -> Checkpoint:
        """The network as it is now, with ``state`` if the training is to go on."""
        plan, training = self._plan, self.training()
        map = training.program.map
        return Checkpoint.from_rows(plan.config, plan.recipe, plan.dataset, map, training.weights, state)

    def training(self) -> Training:
        """All that has been done so far, by earlier sessions too; there must have been something."""
        done = self._steps[: self.state.steps]
        assert self._weights is not None and done, "nothing has been trained yet"
        labels = self._data.train_labels[np.concatenate([step.images for step in done])].astype(np.int64)
        program = step_program(self._plan.config, self._plan.recipe, done[-1])
        state = self.state
        return Training(program, self._weights, state.guesses, labels, state.counters, state.seconds)

    def _step_done(self, step: Step, error: float, seconds: float) -> None:
        counters = self.board.counters()
        saturations = {
            name.removesuffix("_saturations"): (count or 0) + (self.state.counters.get(name) or 0)
            for name, count in counters.items()
            if name.endswith("_saturations")
        }
        self._watcher.step_done(step, error, seconds, saturations)
