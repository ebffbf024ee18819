"""``onward train --if-lost``: boards that are reset in mid-run."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path

from onward.hw.spec.presets import PRESETS
from onward.hw.spec.protocol import Command
from tests.sw.driver.model_core import ModelCore, PtyCore

from .conftest import Run

USUAL = ("--preset", "tiny", "--dataset", "mnist-small", "--samples", 40, "--epochs", 3, "--test", 10)


@contextmanager
def unsteady_board(*moments: int) -> Iterator[str]:
    """The name of a board that is reset when it has used so many samples."""
    core = ModelCore(PRESETS["tiny"])
    left = list(moments)

    def feed(data: bytes) -> bytes:
        answer = core.feed(data)
        if left and sum(command == Command.SAMPLE for command, _ in core.done) >= left[0]:
            left.pop(0)
            core.reset()
        return answer

    with PtyCore(feed) as board:
        yield f"serial:{board.port}"


def sha256(path: str) -> str:
    return str(json.loads(Path(path, "metrics.json").read_text())["weights_sha256"])


def test_reload(run: Run) -> None:
    assert run("train", *USUAL, "--out", "whole").exit_code == 0
    with unsteady_board(5, 70, 100) as board:
        result = run("train", *USUAL, "--out", "RUN", "--board", board, "--if-lost", "reload")
    assert result.exit_code == 0, result.stderr
    assert sha256("RUN") == sha256("whole")
    assert result.stderr.count("onward: ") == 3
    assert f"onward: {board}: the core has been reset; loading it again\n" in result.stderr


def test_stop_keeps_the_last_checkpoint(run: Run, refused: Callable[..., str]) -> None:
    assert run("train", *USUAL, "--out", "whole").exit_code == 0
    with unsteady_board(100) as board:
        result = run("train", *USUAL, "--out", "RUN", "--board", board)
        assert result.exit_code == 2
        assert result.stderr == (f"onward: {board}: the core has been reset; onward train --resume RUN continues\n")
        assert run("train", "--resume", "RUN").exit_code == 0
    assert sha256("RUN") == sha256("whole")


def test_stop_before_the_first_checkpoint_leaves_nothing(refused: Callable[..., str]) -> None:
    with unsteady_board(5) as board:
        line = refused("train", *USUAL, "--out", "RUN", "--board", board)
    assert line == f"{board}: the core has been reset; nothing is left of it"
