"""What all boards have in common: how they are opened, and what they refuse."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest

from onward.hw.spec.config import ConfigError
from onward.sw.driver.board import Board
from onward.sw.driver.golden_board import GoldenBoard

from .driver_data import FF, TINY, batch_of, program


@pytest.fixture
def board() -> GoldenBoard:
    opened = GoldenBoard(TINY)
    opened.load_program(program())
    return opened


def test_open_by_name() -> None:
    with Board.open("golden", TINY) as board:
        assert isinstance(board, GoldenBoard)
        assert board.name == "golden"
        assert board.config is TINY


@pytest.mark.parametrize("name", ["", "gold", "serial", "serial:", "golden:1", "sim:2"])
def test_open_unknown(name: str) -> None:
    with pytest.raises(ConfigError, match=r"unknown board .*: use golden, sim, serial:PORT or netlist:DIR"):
        Board.open(name, TINY)


@pytest.mark.parametrize(
    ("rows", "first", "reason"),
    [
        (np.zeros((2, 3), int), 0, r"must be \(rows, 4\), not \(2, 3\)"),
        (np.zeros(4, int), 0, r"must be \(rows, 4\)"),
        (np.zeros((2, 4), int), 95, "rows 95 to 96 are not in 0 to 95"),
        (np.zeros((1, 4), int), -1, "are not in 0 to 95"),
        (np.full((1, 4), 8192), 0, "weights must be -8192 to 8191"),
        (np.full((1, 4), -8193), 0, "weights must be -8192 to 8191"),
    ],
)
def test_weights_that_do_not_fit(board: GoldenBoard, rows: np.ndarray, first: int, reason: str) -> None:
    with pytest.raises(ValueError, match=reason):
        board.write_weights(rows, first)
    assert not board.read_weights(TINY.rows).any()


def test_reads_the_rows_in_use(board: GoldenBoard) -> None:
    assert board.read_weights().shape == (program().map.used, TINY.lanes)
    assert board.read_weights(5).shape == (5, TINY.lanes)
    with pytest.raises(ValueError, match="rows must be 0 to 96, not 97"):
        board.read_weights(97)


def test_writes_where_it_is_told(board: GoldenBoard) -> None:
    rows = np.arange(8).reshape(2, 4) - 4
    board.write_weights(rows, 10)
    read = board.read_weights(TINY.rows)
    assert (read[10:12] == rows).all()
    assert not read[:10].any()
    assert not read[12:].any()
    board.write_weights(rows[:0], 96)


def test_needs_a_program() -> None:
    with pytest.raises(ValueError, match="no program is loaded"):
        GoldenBoard(TINY).run("train", batch_of(1))


def test_refuses_a_program_of_another_core(board: GoldenBoard) -> None:
    other = FF.build(replace(TINY, name="other", vectors=40), FF.parameters)
    with pytest.raises(ConfigError, match="made for configuration 'other', the board has 'tiny'"):
        board.load_program(other)
    assert board.program is not None
    assert board.program.config is TINY


@pytest.mark.parametrize(
    ("entry", "inputs", "classes", "reason"),
    [
        ("learn", 20, 3, "no entry 'learn', but train, infer"),
        ("train", 21, 3, "pixel 20, the core takes 20"),
        ("train", 20, 7, "label [3-6], the core has 3 classes"),
    ],
)
def test_samples_that_do_not_fit(board: GoldenBoard, entry: str, inputs: int, classes: int, reason: str) -> None:
    wrong = batch_of(50, replace(TINY, inputs=inputs, classes=classes))
    with pytest.raises(ValueError, match=reason):
        board.run(entry, wrong)
    assert board.counters()["samples"] == 0
