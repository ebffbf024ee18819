"""Boards that are reset and unplugged in mid-run: the same weights as without, or a clear word."""

from __future__ import annotations

from collections.abc import Callable

import pytest

from onward.sw.driver.board import Board
from onward.sw.driver.frames import DeviceLost, LinkError
from onward.sw.driver.golden_board import GoldenBoard
from onward.sw.driver.link_board import LinkBoard
from onward.sw.driver.renewal import Renewal
from onward.sw.driver.sim_transport import SimTransport
from onward.sw.driver.trainer import train

from .driver_data import TINY, patterns, recipe
from .model_core import ModelCore, ModelTransport

RECIPE, IMAGES = recipe(40, 80), patterns(40)
WHOLE = train(GoldenBoard(TINY), RECIPE, *IMAGES)


def training(board: Board) -> list[list[int]]:
    found = train(board, RECIPE, *IMAGES)
    assert found.guesses.tolist() == WHOLE.guesses.tolist()
    return found.weights.tolist()


class Failing(ModelTransport):
    """A line to a core that something happens to after ``frames`` commands."""

    def __init__(self, core: ModelCore, frames: int, accident: Callable[[], None]) -> None:
        super().__init__(core, piece=500)
        self._left = frames
        self._accident = accident

    def write(self, data: bytes) -> None:
        self._left -= 1
        if self._left == 0:
            self._accident()
        super().write(data)


def unplug() -> None:
    raise DeviceLost("model: the port has failed: Input/output error")


@pytest.mark.parametrize("frames", [4, 20, 60, 100, 150, 200])
@pytest.mark.parametrize("accident", ["reset", "unplug", "other core"])
def test_a_lost_board_is_loaded_again(frames: int, accident: str) -> None:
    core = ModelCore(TINY)
    lines = iter([frames, 0, 0])
    heard: list[str] = []

    def open_board() -> Board:
        nonlocal core
        if accident == "other core":  # it has lost its power, and all memories
            core = ModelCore(TINY)
        return LinkBoard(TINY, Failing(core, next(lines), core.reset if accident == "reset" else unplug))

    with Renewal(open_board, renew=True, warn=heard.append) as boards:
        assert boards.run(training) == WHOLE.weights.tolist()
        assert boards.losses == len(heard) == 1
    assert heard[0].endswith("; loading it again")


def test_on_the_simulated_board() -> None:
    transport = SimTransport(TINY)
    board = LinkBoard(TINY, transport)

    def stop(done: int, error: float | None) -> None:
        if done == 33:
            transport.reset()

    with pytest.raises(DeviceLost, match="sim: the core has been reset"):
        train(board, RECIPE, *IMAGES, stop)
    again = LinkBoard(TINY, transport)
    assert training(again) == WHOLE.weights.tolist()


def test_a_board_is_not_replaced_unasked() -> None:
    core = ModelCore(TINY)
    with (
        Renewal(lambda: LinkBoard(TINY, Failing(core, 60, core.reset))) as boards,
        pytest.raises(DeviceLost, match="^model: the core has been reset$"),
    ):
        boards.run(training)


def test_a_board_that_does_not_come_back() -> None:
    core = ModelCore(TINY)
    opened = iter([LinkBoard(TINY, Failing(core, 60, unplug))])

    def open_board() -> Board:
        for board in opened:
            return board
        raise LinkError("model: cannot open the port")

    with (
        Renewal(open_board, renew=True, seconds=0.5) as boards,
        pytest.raises(DeviceLost, match=r"^model: cannot open the port; it has not come back within 0\.5 s$"),
    ):
        boards.run(training)


def test_a_board_that_keeps_getting_lost() -> None:
    def open_board() -> Board:
        return LinkBoard(TINY, Failing(ModelCore(TINY), 60, unplug))

    with (
        Renewal(open_board, renew=True) as boards,
        pytest.raises(DeviceLost, match="that was the 6th time without any progress"),
    ):
        boards.run(training)


def test_progress_starts_the_count_anew() -> None:
    done = 0

    def work(board: Board) -> str:
        nonlocal done
        done += 1
        if done < 30:
            raise DeviceLost("gone")
        return "there"

    with Renewal(lambda: GoldenBoard(TINY), renew=True) as boards:
        assert boards.run(work, lambda: done) == "there"
        assert boards.losses == 29
