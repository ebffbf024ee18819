"""What is said about the boards."""

from __future__ import annotations

import dataclasses

import pytest

from onward.hw.boards.catalogue import BOARDS, find_board
from onward.hw.boards.errors import BuildError
from onward.hw.spec.presets import PRESETS


@pytest.mark.parametrize("name", BOARDS)
def test_every_board_can_make_its_presets_clock_and_baud_rate(name):
    board = BOARDS[name]
    config = PRESETS[board.preset]
    clock = float(board.clocking(config.clock_mhz).clock_mhz)
    assert clock == pytest.approx(config.clock_mhz, rel=0.02)
    assert clock * 1e6 / board.divisor(config) == pytest.approx(config.baud, rel=0.02)


def test_a_baud_rate_that_the_clock_cannot_make():
    config = dataclasses.replace(PRESETS["tiny"], clock_mhz=18.0, baud=3_900_000)
    with pytest.raises(BuildError, match="3900000 baud cannot be made of 18 MHz: choose a baud"):
        BOARDS["icebreaker"].divisor(config)


def test_unknown_board():
    with pytest.raises(BuildError, match="unknown board 'de10': use one of ulx3s-85f"):
        find_board("de10")


def test_names_are_those_of_the_constraint_folders():
    for name, board in BOARDS.items():
        assert board.name == name
        assert board.constraints.is_file()
