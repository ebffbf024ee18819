"""Trainings whose process is killed again and again, while the board lives on."""

from __future__ import annotations

import json
import random
import subprocess
import sys
import time
from collections.abc import Callable
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

from onward.hw.spec.config import CoreConfig
from onward.sim.board.pty import serve
from onward.sim.board.simulator import Simulator

__all__ = ["KillTrial", "try_kills"]

_DIVISOR = 4
_PLAN, _METRICS = "training.json", "metrics.json"
_SECONDS = 600
"""In which a process must have begun to train."""


@dataclass(frozen=True)
class KillTrial:
    """What came of it.

    Members
    -------
    kills : processes killed by SIGKILL while they were at work.
    resumed : times that a training was taken up again.
    trainings : that came to their end, each with some of the kills.
    clean : sha256 of the weights that the same training ends with when nobody kills it.
    found : those that these ended with.
    trouble : what a process said that ended by itself when it should not; empty if none did.
    """

    kills: int
    resumed: int
    trainings: int
    clean: str
    found: list[str]
    trouble: str = ""

    @property
    def passed(self) -> bool:
        """Whether every training came to the same end."""
        return self.kills > 0 and not self.trouble and set(self.found) == {self.clean}

    def figures(self) -> dict[str, Any]:
        """All of it, for a report."""
        return asdict(self) | {"passed": self.passed}


def try_kills(
    config: CoreConfig, options: list[str], kills: int, seed: int, folder: Path, progress: Callable[[int], None]
) -> KillTrial:
    """Run ``onward train`` on the simulated board's serial line, and kill it ``kills`` times at random moments.

    The board goes on with what it was doing: the next process meets it with a program at work, a session of its
    predecessor and replies to that.

    Parameters
    ----------
    options : of ``onward train``, without board and folder; epochs enough for some kills in each training.
    seed : decides the moments.
    folder : for the runs; must exist.
    progress : called with the processes killed so far.
    """
    moments = random.Random(seed)
    clean = _ended(_start(options, "--board", "golden", "--out", folder / "clean"), folder / "clean")
    span = 2.0
    killed = resumed = 0
    found: list[str] = []
    with Simulator(config, "uart", divisor=_DIVISOR) as simulator, serve(simulator) as port:
        while killed < kills:
            run = folder / f"killed-{len(found)}"
            board = ("--board", f"serial:{port}")
            while not (run / _METRICS).exists():
                took_up = _resumptions(run)
                fresh = took_up is None
                process = _start(options, *board, "--out", run) if fresh else _start([], "--resume", run, *board)
                if killed < kills and _kill(process, run, took_up, moments.uniform(0, span)):
                    killed += 1
                    resumed += not fresh
                    progress(killed)
                elif process.wait() == 0:
                    resumed += not fresh
                elif process.returncode != -9:
                    trouble = (process.stderr.read() if process.stderr else b"").decode(errors="replace").strip()
                    return KillTrial(killed, resumed, len(found), clean, found, trouble or "no word")
            found.append(_sha256(run))
    return KillTrial(killed, resumed, len(found), clean, found)


def _start(options: list[str], *more: object) -> subprocess.Popen[bytes]:
    command = [sys.executable, "-m", "onward.sw.cli.main", "train", *options, *map(str, more)]
    return subprocess.Popen(command, stdout=subprocess.DEVNULL, stderr=subprocess.PIPE)


def _ended(process: subprocess.Popen[bytes], run: Path) -> str:
    """The sha256 that a training ends with that nobody kills."""
    _, said = process.communicate()
    if process.returncode:
        raise RuntimeError(f"the training without kills has failed: {said.decode(errors='replace').strip()}")
    return _sha256(run)


def _sha256(run: Path) -> str:
    return str(json.loads((run / _METRICS).read_text())["weights_sha256"])


def _resumptions(run: Path) -> int | None:
    """How often the training was taken up again; None if it has not begun."""
    path = run / _PLAN
    return int(json.loads(path.read_text())["resumed"]) if path.exists() else None


def _kill(process: subprocess.Popen[bytes], run: Path, before: int | None, wait: float) -> bool:
    """Kill a process ``wait`` seconds after it has begun to train; whether it was still at work."""
    deadline = time.monotonic() + _SECONDS
    while _resumptions(run) == before and process.poll() is None and time.monotonic() < deadline:
        time.sleep(0.01)
    try:
        process.wait(wait)
    except subprocess.TimeoutExpired:
        process.kill()
        process.wait()
        return True
    return False
