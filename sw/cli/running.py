"""A run from its plan to its metrics."""

from __future__ import annotations

import json
from contextlib import ExitStack
from typing import Any

from onward.sw.data.datasets import Dataset
from onward.sw.driver.board import Board
from onward.sw.driver.checkpoint import Checkpoint
from onward.sw.driver.event_log import EventLog
from onward.sw.driver.recipe import Step
from onward.sw.driver.renewal import Renewal
from onward.sw.driver.run_folder import RunFolder
from onward.sw.driver.session import Session, Watcher
from onward.sw.driver.trainer import Evaluation
from onward.sw.driver.training_state import ValidationPoint

from .pictures import draw_learning_curve
from .progress import Advance, progress_bar
from .training import run_figures, test_network

__all__ = ["carry_out"]


def carry_out(run: RunFolder, boards: Renewal, data: Dataset, checkpoint: Checkpoint | None = None) -> dict[str, Any]:
    """Do what is left of a run after ``checkpoint``: train, test, leave metrics and picture; returns the metrics.

    A board that is lost on the way is replaced by ``boards``, if it does that, and loaded with what was last saved.
    """
    plan, recipe = run.plan, run.plan.recipe
    done = checkpoint.trained_samples if checkpoint else 0
    with ExitStack() as stack:
        log = stack.enter_context(EventLog(run.path / "tensorboard", done)) if plan.tensorboard else None
        advance = stack.enter_context(progress_bar(f"train on {boards.board.name}", recipe.samples, done))
        session = Session(boards.board, plan, data, checkpoint, _Watcher(advance, log))

        def save(made: Checkpoint) -> None:
            # First the events: those before a checkpoint are not logged again.
            if log:
                log.flush()
            run.save(made)

        def learn(board: Board) -> None:
            session.board = board
            session.run(save)

        boards.run(learn, lambda: session.state.steps)
    training = session.training()

    def classify(board: Board) -> Evaluation | None:
        # If the last process was killed after its last step, nothing has come to this board yet.
        board.write_weights(training.weights)
        return test_network(board, recipe, data, plan.test) if plan.test else None

    evaluation = boards.run(classify)
    board = boards.board
    validation = session.state.validation
    figures = run_figures(board, recipe, data, training, evaluation, plan.validation, validation, run.resumed)
    title = f"{recipe.rule} on {plan.dataset}, {plan.config.name}"
    error = evaluation.error_goodness if evaluation else None
    draw_learning_curve(run.path / "learning-curve.png", figures["curve"], title, error, validation)
    run.finish(session.checkpoint(), (json.dumps(figures, indent=2) + "\n").encode())
    return figures


class _Watcher(Watcher):
    """Shows a session on the progress bar and logs it."""

    def __init__(self, advance: Advance, log: EventLog | None) -> None:
        self._advance = advance
        self._log = log
        self._validation = ""

    def progress(self, done: int, error: float | None) -> None:
        training = "" if error is None else f"error {error:.1f} %"
        self._advance(done, ", ".join(filter(None, (training, self._validation))))

    def step_done(self, step: Step, error: float, seconds: float, saturations: dict[str, int]) -> None:
        if self._log:
            samples = len(step.images)
            self._log.step(step.first + samples, error, step.factor, samples / seconds, saturations)

    def validated(self, point: ValidationPoint) -> None:
        self._validation = f"validation {point['validation_error_goodness']:.2f} %"
        if self._log:
            self._log.validation(point)
