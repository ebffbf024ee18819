"""From a board and a configuration to the files that the tools read: netlist, scripts, constraints."""

from __future__ import annotations

import gc
import json
import os
import subprocess
import sys
from collections.abc import Mapping
from dataclasses import asdict
from pathlib import Path

from onward.hw.spec.config import CoreConfig

from .board import Board
from .constraint_file import check_constraints
from .errors import BuildError

__all__ = ["NAME", "netlist_file", "prepare"]

NAME = "onward"
"""Of the top module, and of all files."""

_LAST_LINES = 8


def prepare(board: Board, config: CoreConfig, folder: Path, options: Mapping[str, str] | None = None) -> None:
    """Write everything that the tools need into ``folder``, which exists.

    The gateware is elaborated in an interpreter of its own, with a fixed hash seed: the same inputs give the same files
    on every machine.

    Parameters
    ----------
    board, config : what to build.
    folder : for the files.
    options : overrides of the platform's build, beside those of the board and its family.

    Raises
    ------
    BuildError
        If the board cannot make the clock or the baud rate, its constraint file is not what its platform asks for, or
        the gateware cannot be elaborated.
    """
    board.divisor(config)  # better now than in another process
    environment = os.environ | {"PYTHONPATH": os.pathsep.join(sys.path), "PYTHONHASHSEED": "0"}
    overrides = {**board.family.options, **board.options, **(options or {})}
    job = json.dumps({"board": board.name, "config": asdict(config), "options": overrides})
    (folder / "order.json").write_text(job + "\n", encoding="utf-8")
    command = [sys.executable, "-m", __name__, str(folder)]
    done = subprocess.run(command, input=job, env=environment, capture_output=True, text=True)
    if done.returncode:
        raise BuildError("elaboration failed\n" + "\n".join(done.stderr.splitlines()[-_LAST_LINES:]))
    generated = folder / f"{NAME}.{board.family.constraints}"
    text = board.constraints.read_text(encoding="utf-8")
    check_constraints(board.constraints, text, generated.read_text(encoding="utf-8"))
    generated.write_text(text, encoding="utf-8")


def netlist_file(folder: Path) -> Path | None:
    """The netlist that synthesis has left in ``folder``; None if it has not."""
    return next((folder / name for name in (f"{NAME}.json", f"{NAME}.syn.json") if (folder / name).exists()), None)


def _elaborate(folder: Path, job: str) -> None:
    """What the other interpreter does."""
    from .board_top import BoardTop
    from .catalogue import find_board

    gc.disable()  # millions of small objects, and no garbage
    order = json.loads(job)
    board = find_board(order["board"])
    platform = board.platform()
    # Without attributes of source lines: they hold the paths of this machine.
    plan = platform.prepare(BoardTop(board, CoreConfig(**order["config"])), NAME, emit_src=False, **order["options"])
    for name, content in plan.files.items():
        if not name.endswith((".bat", ".debug.v")):
            data = content if isinstance(content, bytes) else content.encode()
            (folder / name).write_bytes(data)


if __name__ == "__main__":
    _elaborate(Path(sys.argv[1]), sys.stdin.read())
