"""All boards by name."""

from __future__ import annotations

from .arty_a7 import ARTY_A7
from .board import Board
from .errors import BuildError
from .icebreaker import ICEBREAKER
from .orangecrab import ORANGECRAB
from .tang_primer_20k import TANG_PRIMER_20K
from .ulx3s import ULX3S_25F, ULX3S_45F, ULX3S_85F

__all__ = ["BOARDS", "find_board"]

BOARDS: dict[str, Board] = {
    board.name: board for board in (ULX3S_85F, ULX3S_45F, ULX3S_25F, ORANGECRAB, ICEBREAKER, TANG_PRIMER_20K, ARTY_A7)
}


def find_board(name: str) -> Board:
    """The board called ``name``; raises BuildError if there is none."""
    if name not in BOARDS:
        raise BuildError(f"unknown board {name!r}: use one of {', '.join(BOARDS)}")
    return BOARDS[name]
