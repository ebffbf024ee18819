"""Layers that learn apart: each the same whoever else is at work, on every board, and together a network that knows."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest

from onward.hw.spec.config import ConfigError, CoreConfig
from onward.sw.driver.board import Board
from onward.sw.driver.golden_board import GoldenBoard
from onward.sw.driver.layers import LayerTraining, train_in_turn, train_pipeline
from onward.sw.driver.link_board import LinkBoard
from onward.sw.driver.recipe import Recipe
from onward.sw.driver.samples import training_batches
from onward.sw.driver.stages import handover_batch, make_stages, merge_weights, stage_core
from onward.sw.driver.trainer import evaluate
from onward.sw.golden.sample import Batch
from onward.sw.programs.ff import build_ff

from .driver_data import TINY, patterns, recipe
from .model_core import ModelCore, ModelTransport

CORE = stage_core(TINY)
DEEP = stage_core(replace(TINY, hidden=(6, 5, 4), rows=200))


def pipeline(config: CoreConfig, plan: Recipe, images: int) -> LayerTraining:
    return train_pipeline([GoldenBoard(config) for _ in config.hidden], plan, *patterns(images))


def error(training: LayerTraining, config: CoreConfig) -> float:
    """Test error by goodness of the whole network."""
    board, program = GoldenBoard(config), build_ff(config)
    programs = [stage.program for stage in training.stages]
    board.write_weights(merge_weights(program, programs, [stage.weights for stage in training.stages]))
    return evaluate(board, program, *patterns(200, seed=9)).error_goodness


@pytest.mark.parametrize("config", [CORE, DEEP])
def test_both_ways_learn(config: CoreConfig) -> None:
    plan = recipe(200, 1000)
    in_turn = train_in_turn(GoldenBoard(config), plan, *patterns(200))
    for training in (pipeline(config, plan, 200), in_turn):
        assert len(training.stages) == len(config.hidden)
        assert error(training, config) < 15
        assert (training.guesses[-200:] != training.labels[-200:]).mean() < 0.2
        assert training.labels[:3].tolist() == patterns(200)[1][plan.steps()[0].images[:3]].tolist()


def test_upper_layers_contribute() -> None:
    training = pipeline(CORE, recipe(200, 1000), 200)
    program, rows = training.stages[1].program, training.stages[1].weights
    start = training.stages[1].stage.initial_weights(program, 3)
    changed = np.abs(rows - start).max(1)
    learnt = program.map.matrices["W2"]
    assert changed[learnt.base : learnt.base + learnt.rows].max() > 50
    # What is constant has stayed so.
    assert changed[program.map.matrices["identity"].base :].max() == 0


def test_a_pipeline_does_what_its_cores_do_one_by_one() -> None:
    plan = recipe(60, 150)
    training = pipeline(DEEP, plan, 60)
    boards = [GoldenBoard(DEEP) for _ in DEEP.hidden]
    stages = make_stages(DEEP)
    for board, stage in zip(boards, stages, strict=True):
        program = stage.program(plan.parameters, stage.hands_on)  # type: ignore[arg-type]
        board.load_program(program)
        board.write_weights(stage.initial_weights(program, plan.seed))
    for step, batch in training_batches(plan, *patterns(60)):
        for board, stage in zip(boards, stages, strict=True):
            scaled = plan.parameters.scaled(step.factor)
            board.load_program(stage.program(scaled, stage.hands_on))  # type: ignore[arg-type]
            board.seed(step.seed)
            results = board.run("train", batch)
            if stage.hands_on:
                batch = handover_batch(stage.handed_on(results))
    for board, trained in zip(boards, training.stages, strict=True):
        assert (board.read_weights() == trained.weights).all()


def test_the_first_layer_does_not_know_who_is_above() -> None:
    plan = recipe(60, 150)
    trainings = [
        pipeline(CORE, plan, 60),
        pipeline(DEEP, plan, 60),
        train_in_turn(GoldenBoard(CORE), plan, *patterns(60)),
    ]
    for other in trainings[1:]:
        rows = len(trainings[2].stages[0].weights)
        assert (trainings[0].stages[0].weights[:rows] == other.stages[0].weights[:rows]).all()
        assert (trainings[0].guesses == other.guesses).all()


def test_in_turn_only_one_layer_is_resident() -> None:
    training = train_in_turn(GoldenBoard(DEEP), recipe(50, 100), *patterns(50))
    assert training.stored == 50 * 2 * 6
    first, second, last = training.stages
    assert first.rows == 1 + 3 * 2 + 20 * 2 + 2 + 3 * 2 + 3 * 2 + 2
    assert max(stage.rows for stage in training.stages) < build_ff(DEEP).map.used
    assert last.rows == len(last.weights) < second.rows
    # A core with no more rows than the largest stage takes is enough.
    small = replace(DEEP, rows=first.rows)
    assert (train_in_turn(GoldenBoard(small), recipe(50, 100), *patterns(50)).stages[2].weights == last.weights).all()


def test_in_turn_each_step_has_the_activities_of_its_images() -> None:
    plan, (images, labels) = recipe(50, 100), patterns(50)
    first, second = train_in_turn(GoldenBoard(CORE), plan, images, labels).stages
    board, program = GoldenBoard(CORE), first.stage.program(plan.parameters, hands_on=True)  # type: ignore[arg-type]
    board.load_program(program)
    board.write_weights(first.stage.initial_weights(program, plan.seed))
    board.write_weights(first.weights)
    board.seed(plan.seed)
    kept = first.stage.handed_on(board.run("activities", Batch.from_images(images, labels)))
    program = second.stage.program(plan.parameters, hands_on=False)  # type: ignore[arg-type]
    board.load_program(program)
    board.write_weights(second.stage.initial_weights(program, plan.seed))
    for step in plan.steps():
        board.load_program(second.stage.program(plan.parameters.scaled(step.factor), hands_on=False))  # type: ignore[arg-type]
        board.seed(step.seed)
        board.run("train", handover_batch(kept[step.images]))
    assert (board.read_weights() == second.weights).all()


@pytest.mark.parametrize("config", [CORE, DEEP])
def test_the_same_behind_a_link(config: CoreConfig) -> None:
    plan = recipe(40, 60)
    boards: list[Board] = [LinkBoard(config, ModelTransport(ModelCore(config), 300)) for _ in config.hidden]
    linked, golden = train_pipeline(boards, plan, *patterns(40)), pipeline(config, plan, 40)
    for ours, theirs in zip(linked.stages, golden.stages, strict=True):
        assert (ours.weights == theirs.weights).all()
        assert (ours.counters["cycles"], theirs.counters["cycles"]) == (100 * 60 * (1 + (ours.stage.number > 1)), None)
        assert ours.elapsed is None
    assert (linked.guesses == golden.guesses).all()


def test_the_same_on_two_simulated_boards() -> None:
    plan, count = recipe(40, 60), len(CORE.hidden)
    boards = [Board.open("sim", CORE) for _ in range(count)]
    with boards[0], boards[1]:
        simulated = train_pipeline(boards, plan, *patterns(40))
        turned = train_in_turn(boards[0], plan, *patterns(40))
    golden, golden_turned = pipeline(CORE, plan, 40), train_in_turn(GoldenBoard(CORE), plan, *patterns(40))
    for ours, theirs in ((simulated, golden), (turned, golden_turned)):
        for a, b in zip(ours.stages, theirs.stages, strict=True):
            assert (a.weights == b.weights).all()
            assert 0 < (a.counters["cycles"] or 0) < (a.elapsed or 0)
            assert {**a.counters, "cycles": None} == b.counters
    assert (turned.stages[0].handover_cycles or 0) > 40 * 50


def test_refused() -> None:
    with pytest.raises(ConfigError, match="there are 40 images, not 50"):
        pipeline(CORE, recipe(50), 40)
    with pytest.raises(ConfigError, match="layers that learn in turn .* no jitter"):
        square = replace(CORE, inputs=25)
        train_in_turn(GoldenBoard(square), recipe(50, jitter=1), *patterns(50, square))
