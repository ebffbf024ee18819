"""Trainings and evaluations."""

from __future__ import annotations

from dataclasses import replace
from itertools import pairwise

import numpy as np
import pytest

from onward.hw.spec.config import ConfigError
from onward.sw.driver.golden_board import GoldenBoard
from onward.sw.driver.link_board import LinkBoard
from onward.sw.driver.recipe import Step
from onward.sw.driver.samples import training_batches
from onward.sw.driver.trainer import Training, evaluate, step_program, train
from onward.sw.golden.sample import Batch

from .driver_data import FF, TINY, patterns, program, recipe
from .model_core import ModelCore, ModelTransport


def test_learns() -> None:
    board = GoldenBoard(TINY)
    training = train(board, recipe(200, 1000), *patterns(200))
    test = evaluate(board, training.program, *patterns(100, seed=9))
    assert test.error_readout < 15
    assert test.error_goodness < 15
    curve = training.curve()
    assert curve[-1]["training_error"] < curve[0]["training_error"]


def test_the_same_on_every_board() -> None:
    boards = (GoldenBoard(TINY), LinkBoard(TINY, ModelTransport(ModelCore(TINY), 500)))
    a, b = (train(board, recipe(60, 90), *patterns(60)) for board in boards)
    assert (a.weights == b.weights).all()
    assert (a.guesses == b.guesses).all()
    assert (a.labels == b.labels).all()
    assert a.counters["busy_cycles"] == b.counters["busy_cycles"]
    assert (a.counters["cycles"], b.counters["cycles"]) == (None, 9000)


def test_depends_on_the_recipe_alone() -> None:
    board = GoldenBoard(TINY)
    first = train(board, recipe(60, 90), *patterns(60))
    again = train(board, recipe(60, 90), *patterns(60))
    other = train(board, recipe(60, 90, seed=4), *patterns(60))
    assert (first.weights == again.weights).all()
    assert first.counters == again.counters
    assert (first.weights != other.weights).any()


def test_resumes_at_any_step() -> None:
    images, labels = patterns(60)
    plan = recipe(60, 90)
    whole = train(GoldenBoard(TINY), plan, images, labels)
    board = GoldenBoard(TINY)
    board.write_weights(FF.initial_weights(program(), plan.seed)[: program().map.used])
    for step, batch in list(training_batches(plan, images, labels))[:7]:
        board.load_program(step_program(TINY, plan, step))
        board.seed(step.seed)
        board.run("train", batch)
    rest = train(GoldenBoard(TINY), plan, images, labels, weights=board.read_weights(), first_step=7)
    assert (rest.weights == whole.weights).all()
    assert rest.guesses.tolist() == whole.guesses[-len(rest.guesses) :].tolist()


def test_a_part_of_a_training() -> None:
    images, labels = patterns(60)
    plan = recipe(60, 90)
    whole = train(GoldenBoard(TINY), plan, images, labels)
    first = train(GoldenBoard(TINY), plan, images, labels, last_step=4)
    assert len(first.guesses) == plan.steps()[4].first
    middle = train(GoldenBoard(TINY), plan, images, labels, weights=first.weights, first_step=4, last_step=11)
    rest = train(GoldenBoard(TINY), plan, images, labels, weights=middle.weights, first_step=11)
    assert (rest.weights == whole.weights).all()
    assert np.concatenate([each.guesses for each in (first, middle, rest)]).tolist() == whole.guesses.tolist()
    for name in ("operand_saturations", "busy_cycles"):
        assert sum(each.counters[name] or 0 for each in (first, middle, rest)) == whole.counters[name]


def test_steps_are_told() -> None:
    told: list[tuple[Step, float, float]] = []
    training = train(GoldenBoard(TINY), recipe(60), *patterns(60), step_done=lambda *each: told.append(each))
    assert [step.first for step, _, _ in told] == [step.first for step in recipe(60).steps()]
    wrong = (training.guesses != training.labels).reshape(10, 6)
    assert [error for _, error, _ in told] == (100 * wrong.mean(1)).tolist()
    assert 0 < sum(seconds for _, _, seconds in told) <= training.seconds


def test_results_are_the_guesses() -> None:
    images, labels = patterns(60)
    plan = recipe(60)
    training = train(GoldenBoard(TINY), plan, images, labels)
    order = np.concatenate([step.images for step in plan.steps()])
    assert training.labels.tolist() == labels[order].tolist()
    assert set(training.guesses.tolist()) <= {0, 1, 2}
    assert training.counters["samples"] == 60


def test_every_step_has_its_own_rates() -> None:
    plan = recipe(10)
    codes = [step_program(TINY, plan, step).words() for step in plan.steps()]
    assert all(a != b for a, b in pairwise(codes))
    assert codes[0] == FF.build(TINY, FF.parameters).words()


def test_progress() -> None:
    seen: list[tuple[int, float | None]] = []
    training = train(GoldenBoard(TINY), recipe(60, 90), *patterns(60), lambda *each: seen.append(each))
    done = [each[0] for each in seen]
    assert done == sorted(done)
    assert done[-1] == 90
    assert seen[0] == (6, None)
    last = training.guesses[-6:] != training.labels[-6:]
    assert seen[-1][1] == 100 * last.mean()


def test_curve() -> None:
    guesses = np.array([0] * 250)
    labels = np.array([1] * 125 + [0] * 125)
    curve = Training(program(), np.zeros((1, 4), np.int32), guesses, labels, {}, 1.0).curve()
    assert len(curve) == 100
    assert curve[0] == {"samples": 2, "training_error": 100}
    assert curve[-1] == {"samples": 250, "training_error": 0}
    short = Training(program(), np.zeros((1, 4), np.int32), guesses[:3], labels[:3], {}, 1.0).curve()
    assert [point["samples"] for point in short] == [1, 2, 3]


def test_evaluation_matches_a_count_by_hand() -> None:
    board = GoldenBoard(TINY)
    training = train(board, recipe(60), *patterns(60))
    images, labels = patterns(40, seed=5)
    test = evaluate(board, training.program, images, labels)
    words = board.run("infer", Batch.from_images(images, labels))
    assert [[*pair] for pair in zip(test.goodness, test.readout, strict=True)] == words
    assert (test.goodness != test.readout).any()
    wrong = sum(int(a) != int(b) for a, b in zip(test.goodness, labels, strict=True))
    assert test.error_goodness == pytest.approx(100 * wrong / 40)
    wrong = sum(int(a) != int(b) for a, b in zip(test.readout, labels, strict=True))
    assert test.error_readout == pytest.approx(100 * wrong / 40)
    assert (board.read_weights() == training.weights).all()


def test_refuses_images_of_another_shape() -> None:
    images, labels = patterns(10, replace(TINY, inputs=25))
    board = GoldenBoard(TINY)
    with pytest.raises(ConfigError, match="25 pixels"):
        train(board, recipe(10), images, labels)
    with pytest.raises(ConfigError, match="25 pixels"):
        evaluate(board, program(), images, labels)
    assert not board.read_weights(96).any()
