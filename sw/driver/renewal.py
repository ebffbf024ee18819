"""A board that is opened anew when it has been lost."""

from __future__ import annotations

import time
from collections.abc import Callable
from types import TracebackType
from typing import Self, TypeVar

from .board import Board
from .frames import DeviceLost, LinkError

__all__ = ["Renewal"]

T = TypeVar("T")

_LOSSES = 5
"""Times in a row that a board may be lost before anything has been achieved."""
_SECONDS = 60.0
"""In which a board that was lost must be there again."""
_LONGEST_PAUSE = 5.0


class Renewal:
    """Keeps a board, and replaces it when it has been reset or unplugged; a context manager that closes it.

    Parameters
    ----------
    open_board : opens it, the first time and after each loss.
    renew : whether to replace it; if not, a loss ends the work.
    warn : hears of each loss, in one line.
    seconds : in which it must be there again.

    Attributes
    ----------
    board : the one that is open.
    losses : how often it was replaced.

    Raises
    ------
    LinkError
        What ``open_board`` raises the first time.
    """

    def __init__(
        self,
        open_board: Callable[[], Board],
        renew: bool = False,
        warn: Callable[[str], None] = lambda line: None,
        seconds: float = _SECONDS,
    ) -> None:
        self._open = open_board
        self._renew = renew
        self._warn = warn
        self._seconds = seconds
        self.board = open_board()
        self.losses = 0

    def run(self, work: Callable[[Board], T], achieved: Callable[[], int] = lambda: 0) -> T:
        """Do ``work``, and again from where it had come to on another board when one is lost.

        ``work`` must write everything that it needs to the board it is given. ``achieved`` grows with what need not be
        done again.

        Raises
        ------
        DeviceLost
            If boards are not replaced, this one keeps getting lost, or it does not come back.
        """
        in_vain, before = 0, achieved()
        while True:
            try:
                return work(self.board)
            except DeviceLost as error:
                in_vain, before = (in_vain + 1 if achieved() == before else 1), achieved()
                if not self._renew:
                    raise
                if in_vain > _LOSSES:
                    raise DeviceLost(f"{error}; that was the {_LOSSES + 1}th time without any progress") from None
                self._warn(f"{error}; loading it again")
                self._replace()

    def _replace(self) -> None:
        self.board.close()
        deadline, pause = time.monotonic() + self._seconds, 0.1
        while True:
            try:
                self.board = self._open()
            except LinkError as error:
                if time.monotonic() + pause > deadline:
                    raise DeviceLost(f"{error}; it has not come back within {self._seconds:g} s") from None
                time.sleep(pause)
                pause = min(2 * pause, _LONGEST_PAUSE)
            else:
                self.losses += 1
                return

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.board.close()
