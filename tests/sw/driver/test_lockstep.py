"""One side of a comparison: repeats a chunk, with its fault."""

from __future__ import annotations

import numpy as np

from onward.sw.driver.golden_board import GoldenBoard
from onward.sw.driver.lockstep import Chunk, Fault, Side

from .driver_data import FF, TINY, batch_of, program


def chunk(samples: int = 20) -> Chunk:
    weights = FF.initial_weights(program(), 1)[: program().map.used]
    return Chunk(program(), weights, 5, batch_of(samples))


def test_fault_turns_one_bit_over() -> None:
    board = GoldenBoard(TINY)
    board.load_program(program())
    weights = chunk().weights
    for bit in range(TINY.weight_bits):
        board.write_weights(weights)
        Fault(0, 12, 2, bit).strike(board)
        changed = board.read_weights()
        assert np.argwhere(changed != weights).tolist() == [[12, 2]]
        assert (int(changed[12, 2]) ^ int(weights[12, 2])) & 0x3FFF == 1 << bit
        Fault(0, 12, 2, bit).strike(board)
        assert (board.read_weights() == weights).all()


def test_fault_at_the_ends_of_the_range() -> None:
    board = GoldenBoard(TINY)
    for before, bit, after in ((8190, 0, 8191), (8191, 13, -1), (-8192, 13, 0), (-1, 0, -2)):
        board.write_weights(np.full((1, 4), before), 9)
        Fault(0, 9, 3, bit).strike(board)
        assert board.read_weights(10)[9].tolist() == [before, before, before, after]


def test_restore_repeats_everything() -> None:
    side = Side("golden", GoldenBoard(TINY))
    outcomes = []
    for _ in range(2):
        side.restore(chunk())
        outcomes.append((side.run(chunk(), 0, 20), side.board.read_weights().tolist()))
    assert outcomes[0] == outcomes[1]


def test_begin_keeps_the_weights() -> None:
    side = Side("golden", GoldenBoard(TINY))
    side.restore(chunk())
    side.run(chunk(), 0, 20)
    trained = side.board.read_weights()
    side.begin(chunk())
    assert (side.board.read_weights() == trained).all()


def test_fault_strikes_before_its_sample() -> None:
    healthy, faulty = Side("a", GoldenBoard(TINY)), Side("b", GoldenBoard(TINY))
    faulty.fault = Fault(8, program().map.matrices["W1"].base, 1, 11)
    for first, last, equal in ((0, 8, True), (0, 9, False), (0, 20, False)):
        outcome = []
        for side in (healthy, faulty):
            side.restore(chunk())
            assert len(side.run(chunk(), first, last)) == last - first
            outcome.append(side.board.read_weights())
        assert np.array_equal(*outcome) == equal, last


def test_runs_in_pieces_are_the_same() -> None:
    whole, pieces = Side("a", GoldenBoard(TINY)), Side("b", GoldenBoard(TINY))
    for side in (whole, pieces):
        side.fault = Fault(8, program().map.matrices["W1"].base, 1, 11)
        side.restore(chunk())
    expected = whole.run(chunk(), 0, 20)
    assert [words for first in range(0, 20, 4) for words in pieces.run(chunk(), first, first + 4)] == expected
    assert (whole.board.read_weights() == pieces.board.read_weights()).all()
