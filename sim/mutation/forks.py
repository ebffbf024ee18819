"""Many trials in copies of one process, a few at a time."""

from __future__ import annotations

import json
import os
import select
import signal
import time
from collections.abc import Callable, Iterable
from dataclasses import dataclass
from typing import Any, NoReturn

__all__ = ["Copy", "fork_each"]

_CHUNK = 1 << 16

Report = Callable[[Any, dict[str, Any] | None], None]


@dataclass(frozen=True)
class Copy:
    """What a copy of the process is for."""

    trial: Any
    inlet: int

    def finish(self, outcome: dict[str, Any]) -> NoReturn:
        """Send the outcome and end this copy, without what a process does at its end: that is the original's to do."""
        os.write(self.inlet, json.dumps(outcome).encode())
        os._exit(0)


@dataclass
class _Running:
    trial: Any
    process: int
    until: float
    said: bytes = b""


def fork_each(trials: Iterable[Any], report: Report, *, jobs: int, patience: float) -> Copy | None:
    """Copy this process for each trial; returns in each copy, and with None in the original when all have ended.

    A copy starts in a moment, where a process of its own would import for seconds what a bench needs.

    Parameters
    ----------
    trials : what the copies are told.
    report : called in the original with each trial and the outcome that its copy has sent, in the order in which they
        end; None for a copy that has ended without one, or was killed.
    jobs : how many copies run at a time.
    patience : seconds after which a copy is killed.
    """
    running: dict[int, _Running] = {}
    for trial in trials:
        while len(running) >= jobs:
            _wait(running, report)
        outlet, inlet = os.pipe()
        process = os.fork()
        if process == 0:
            os.close(outlet)
            return Copy(trial, inlet)
        os.close(inlet)
        running[outlet] = _Running(trial, process, time.monotonic() + patience)
    while running:
        _wait(running, report)
    return None


def _wait(running: dict[int, _Running], report: Report) -> None:
    """Until something happens to the copies, or the first of them has taken too long."""
    soonest = min(copy.until for copy in running.values())
    ready, _, _ = select.select(list(running), [], [], max(0.0, soonest - time.monotonic()))
    for outlet, copy in list(running.items()):
        if outlet in ready:
            piece = os.read(outlet, _CHUNK)
            copy.said += piece
            if piece:
                continue
        elif time.monotonic() < copy.until:
            continue
        else:
            os.kill(copy.process, signal.SIGKILL)
        os.waitpid(copy.process, 0)
        os.close(outlet)
        del running[outlet]
        report(copy.trial, json.loads(copy.said) if copy.said else None)
