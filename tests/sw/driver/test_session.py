"""Trainings in stretches: validated, saved, taken up again."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest

from onward.hw.spec.config import ConfigError, CoreConfig
from onward.sw.data.datasets import Dataset
from onward.sw.driver.board import Board
from onward.sw.driver.checkpoint import Checkpoint
from onward.sw.driver.golden_board import GoldenBoard
from onward.sw.driver.link_board import LinkBoard
from onward.sw.driver.plan import Plan
from onward.sw.driver.recipe import Recipe, Step
from onward.sw.driver.rules import RULES, change_parameters
from onward.sw.driver.session import Session, Watcher
from onward.sw.driver.trainer import Training, evaluate, train
from onward.sw.driver.training_state import ValidationPoint

from .driver_data import TINY, patterns
from .model_core import ModelCore, ModelTransport

CONFIG = replace(TINY, inputs=25, rows=400, elements=64, program=1024)
IMAGES, HELD, EPOCHS = 40, 15, 4
PARAMETERS = {name: rule.parameters for name, rule in RULES.items()}
PARAMETERS["pff"] = change_parameters(PARAMETERS["pff"], {"codes": "6"})


def data(config: CoreConfig = CONFIG) -> Dataset:
    return Dataset("x", *patterns(IMAGES + HELD, config), *patterns(10, config, seed=1))


def plan(rule: str, validation: int = 0, validate_every: int = 1, jitter: int = 1, epochs: int = EPOCHS) -> Plan:
    recipe = Recipe(rule, IMAGES, IMAGES * epochs, PARAMETERS[rule], 3, jitter=jitter, jitter_until=0.5)
    return Plan(CONFIG, recipe, "x", "00", validation=validation, validate_every=validate_every)


def linked() -> LinkBoard:
    return LinkBoard(CONFIG, ModelTransport(ModelCore(CONFIG), 500))


def plain(rule: str, board: Board) -> Training:
    """The training in one piece."""
    return train(board, plan(rule).recipe, data().train_images, data().train_labels)


def finished(session: Session) -> Training:
    session.run(lambda checkpoint: None)
    return session.training()


def same(a: Training, b: Training) -> None:
    assert (a.weights == b.weights).all()
    assert a.guesses.tolist() == b.guesses.tolist()
    assert a.labels.tolist() == b.labels.tolist()
    assert a.counters == b.counters
    assert a.curve() == b.curve()
    assert a.program.words() == b.program.words()


@pytest.mark.parametrize("rule", sorted(RULES))
@pytest.mark.parametrize("make", [lambda: GoldenBoard(CONFIG), linked])
def test_validation_changes_nothing(rule: str, make: type[Board]) -> None:
    whole = plain(rule, make())
    assert whole.weights.any()
    for validation, every in ((0, 1), (HELD, 1), (HELD, 3)):
        same(finished(Session(make(), plan(rule, validation, every), data())), whole)


@pytest.mark.parametrize("rule", sorted(RULES))
def test_validation_curve_is_that_of_the_networks_on_the_way(rule: str) -> None:
    made = plan(rule, HELD, 3)
    session = Session(GoldenBoard(CONFIG), made, data())
    finished(session)
    assert [point["samples"] for point in session.state.validation] == [3 * IMAGES, 4 * IMAGES]
    for point, steps in zip(session.state.validation, (30, 40), strict=True):
        board = GoldenBoard(CONFIG)
        train(board, made.recipe, data().train_images, data().train_labels, last_step=steps)
        program = made.recipe.method.build_inference(CONFIG, made.recipe.parameters)
        judged = evaluate(board, program, data().train_images[-HELD:], data().train_labels[-HELD:])
        assert point["validation_error_goodness"] == judged.error_goodness
        assert point["validation_error_readout"] == judged.error_readout


def test_held_out_images_are_never_trained_on() -> None:
    whole = finished(Session(GoldenBoard(CONFIG), plan("ff", HELD), data()))
    images, labels = data().train_images.copy(), data().train_labels.copy()
    images[-HELD:], labels[-HELD:] = 255, 0
    other = replace(data(), train_images=images, train_labels=labels)
    session = Session(GoldenBoard(CONFIG), plan("ff", HELD), other)
    same(finished(session), whole)
    # They do matter to the validation.
    first = Session(GoldenBoard(CONFIG), plan("ff", HELD), data())
    finished(first)
    assert session.state.validation != first.state.validation
    with pytest.raises(ConfigError, match="that leaves no 16 to validate on"):
        Session(GoldenBoard(CONFIG), plan("ff", HELD + 1), data())
    with pytest.raises(ConfigError, match="there are 39 images, not 40"):
        few = replace(data(), train_images=data().train_images[:39], train_labels=data().train_labels[:39])
        finished(Session(GoldenBoard(CONFIG), plan("ff"), few))


@pytest.mark.parametrize("rule", sorted(RULES))
def test_goes_on_from_any_checkpoint(rule: str, tmp_path: Path) -> None:
    made = plan(rule, HELD)
    saved: list[Path] = []

    def save(checkpoint: Checkpoint) -> None:
        saved.append(tmp_path / f"{len(saved)}.safetensors")
        checkpoint.save(saved[-1])

    session = Session(GoldenBoard(CONFIG), made, data())
    session.run(save)
    whole = session.training()
    assert len(saved) == EPOCHS
    for path in saved:
        # On another board, which has done something else before.
        board = linked()
        train(board, Recipe("ff", 20, 20, RULES["ff"].parameters, 8), data().train_images, data().train_labels)
        rest = Session(board, made, data(), Checkpoint.load(path, CONFIG))
        training = finished(rest)
        unknown = whole if path == saved[-1] else replace(whole, counters=whole.counters | {"cycles": None})
        same(training, unknown)
        assert rest.state.validation == session.state.validation
        assert training.seconds > 0


def test_cycles_of_a_board_with_a_clock_add_up() -> None:
    saved: list[Checkpoint] = []
    session = Session(linked(), plan("ff", HELD), data())
    session.run(saved.append)
    assert session.training().counters["cycles"] == 100 * IMAGES * EPOCHS
    assert finished(Session(linked(), plan("ff", HELD), data(), saved[1])).counters["cycles"] == 100 * IMAGES * EPOCHS


class Recorder(Watcher):
    """Notes all it hears."""

    def __init__(self) -> None:
        self.done: list[int] = []
        self.steps: list[tuple[Step, float, dict[str, int]]] = []
        self.points: list[ValidationPoint] = []

    def progress(self, done: int, error: float | None) -> None:
        self.done.append(done)

    def step_done(self, step: Step, error: float, seconds: float, saturations: dict[str, int]) -> None:
        assert seconds > 0
        self.steps.append((step, error, saturations))

    def validated(self, point: ValidationPoint) -> None:
        self.points.append(point)


def test_watcher() -> None:
    recorder = Recorder()
    session = Session(GoldenBoard(CONFIG), plan("ff", HELD), data(), watcher=recorder)
    training = finished(session)
    assert recorder.done == sorted(recorder.done)
    assert recorder.done[-1] == IMAGES * EPOCHS
    assert [step.first for step, _, _ in recorder.steps] == [step.first for step in plan("ff").recipe.steps()]
    wrong = training.guesses != training.labels
    step, error, saturations = recorder.steps[-1]
    assert error == 100 * wrong[step.first :].mean()
    total = {name: training.counters[f"{name}_saturations"] for name in saturations}
    assert set(total) == {"weight", "vector", "operand", "element"}
    assert saturations == total
    assert sum(saturations.values()) > 0
    assert recorder.points == list(session.state.validation)


def test_labels_are_those_of_the_images_in_training_order() -> None:
    session = Session(GoldenBoard(CONFIG), plan("ff"), data())
    training = finished(session)
    order = np.concatenate([step.images for step in plan("ff").recipe.steps()])
    assert training.labels.tolist() == data().train_labels[order].tolist()
