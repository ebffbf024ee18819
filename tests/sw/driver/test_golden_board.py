"""The golden model as a board."""

from __future__ import annotations

import numpy as np
import torch

from onward.hw.spec.protocol import COUNTERS
from onward.sw.driver.golden_board import GoldenBoard
from onward.sw.golden.golden import Golden
from onward.sw.golden.imperfection import Imperfection

from .driver_data import FF, TINY, batch_of, program


def test_does_what_the_golden_model_does() -> None:
    batch = batch_of(1100)
    weights = FF.initial_weights(program(), 1)
    golden = Golden(TINY)
    golden.load_program(program().instructions)
    golden.state.weights[:] = torch.from_numpy(weights)
    golden.state.seed(77)
    expected = golden.run(program().entries["train"], batch)

    board = GoldenBoard(TINY)
    board.load_program(program())
    board.write_weights(weights[: program().map.used])
    board.seed(77)
    seen: list[int] = []
    assert board.run("train", batch, seen.append) == expected
    assert seen == [500, 1000, 1100]
    assert (board.read_weights(TINY.rows) == golden.state.weights.numpy()).all()
    assert (board.read_vector(3) == golden.state.vectors[3].numpy()).all()
    assert board.read_vector(3).any()


def test_weights_read_are_a_copy() -> None:
    board = GoldenBoard(TINY)
    read = board.read_weights(2)
    board.write_weights(np.ones((2, 4), int))
    assert not read.any()


def test_counters() -> None:
    board = GoldenBoard(TINY)
    board.load_program(program())
    board.run("infer", batch_of(12))
    counters = board.counters()
    assert tuple(counters) == COUNTERS
    assert counters["cycles"] is None
    assert counters["samples"] == 12
    assert counters["busy_cycles"]
    board.reset()
    assert board.counters() == {name: None if name == "cycles" else 0 for name in COUNTERS}


def test_writing_leaves_the_accumulators_as_the_core_does() -> None:
    board, golden = GoldenBoard(TINY), Golden(TINY)
    rows = np.arange(12).reshape(3, 4)
    board.write_weights(rows, 7)
    for i, row in enumerate(rows):
        golden.state.write_row(7 + i, torch.from_numpy(row))
    assert torch.equal(board._golden.state.accumulators, golden.state.accumulators)


def test_imperfection() -> None:
    rows = []
    for imperfection in (None, Imperfection(), Imperfection(0.05), Imperfection(0, 0.2), Imperfection(0, 0.2, seed=1)):
        board = GoldenBoard(TINY, imperfection=imperfection)
        board.load_program(program())
        board.write_weights(FF.initial_weights(program(), 1)[: program().map.used])
        board.run("train", batch_of(20))
        rows.append(board.read_weights().tobytes())
    assert rows[0] == rows[1]
    assert len(set(rows)) == 4


def test_rounding() -> None:
    rows = []
    for rounding in (None, "stochastic", "nearest"):
        board = GoldenBoard(TINY, rounding) if rounding else GoldenBoard(TINY)
        board.load_program(program())
        board.write_weights(FF.initial_weights(program(), 1)[: program().map.used])
        board.run("train", batch_of(20))
        rows.append(board.read_weights())
    assert (rows[0] == rows[1]).all()
    assert (rows[0] != rows[2]).any()
