"""The cocotb test in which a bench judges one mutant after the other, each in a copy of the simulation."""

from __future__ import annotations

import contextlib
import ctypes
import importlib
import json
import os
import sys
import time
from collections.abc import Callable, Coroutine
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

import cocotb
from cocotb.simtime import get_sim_time
from cocotb.triggers import SimTimeoutError, with_timeout

from onward.sim.cocotb.report import failed_assertion

from .design import SELECT
from .forks import fork_each

__all__ = ["Trials", "judge_mutants"]

_VARIABLE = "ONWARD_MUTATION"
_SLOWER = 2
"""A mutant that takes so many times as long as the unit itself, in simulated time, will not come to an end."""
_PATIENCE_S = 60
_MUCH_SLOWER = 20
"""Real time may depend on what else the machine does: only for a simulation whose clock stands still."""


@dataclass(frozen=True)
class Trials:
    """Travels to the simulator's process in an environment variable.

    Parameters
    ----------
    tests : import path of the module with the bench's tests.
    numbers : of the mutants.
    outcomes : a file that gets a line of JSON for each mutant; its folder takes the logs.
    jobs : how many mutants run at a time.
    """

    tests: str
    numbers: tuple[int, ...]
    outcomes: str
    jobs: int = 1

    def environment(self) -> dict[str, str]:
        """The variables that :meth:`from_environment` reads."""
        return {_VARIABLE: json.dumps(asdict(self))}

    @classmethod
    def from_environment(cls) -> Trials:
        """The trials of this process; raises KeyError outside of such a simulation."""
        return cls(**json.loads(os.environ[_VARIABLE]))


@cocotb.test()
async def judge_mutants(dut: Any) -> None:
    """Every test of the bench on every mutant that the tests before have not noticed, from power-up to the first error.

    The unit as it is must pass; how long it takes is the measure for the mutants.
    """
    trials = Trials.from_environment()
    log = Path(trials.outcomes)
    module = importlib.import_module(trials.tests)
    remaining = list(trials.numbers)
    seconds = 0.0
    with log.open("w", encoding="utf-8") as file:

        def tell(number: int, caught: str, seconds: float) -> None:
            file.write(json.dumps({"number": number, "caught": caught, "seconds": seconds}) + "\n")
            file.flush()

        for test in (getattr(module, name) for name in module.__all__):
            usual = (await _copies(dut, test.func, [0], log, lambda *_: None))[0]
            assert not usual["caught"], f"{test.name} fails without a mutant: {usual['caught']}"
            seconds += usual["seconds"]
            limit, patience = _SLOWER * usual["time"], _PATIENCE_S + _MUCH_SLOWER * usual["seconds"]
            found = await _copies(dut, test.func, remaining, log, tell, limit, patience, trials.jobs)
            remaining = [number for number in remaining if not found[number]["caught"]]
        for number in remaining:
            tell(number, "", seconds)


async def _copies(
    dut: Any,
    test: Callable[[Any], Coroutine[Any, Any, None]],
    numbers: list[int],
    log: Path,
    tell: Callable[[int, str, float], None],
    limit: int | None = None,
    patience: float = 3600,
    jobs: int = 1,
) -> dict[int, dict[str, Any]]:
    """Run one test on each mutant, in a copy; returns in the original only, where time does not go on."""
    found: dict[int, dict[str, Any]] = {}

    def report(number: int, outcome: dict[str, Any] | None) -> None:
        own = log.with_suffix(f".{number}.log")
        broken = {"caught": failed_assertion(_text(own)) or "the simulation broke off", "seconds": 0.0}
        found[number] = outcome or broken
        own.unlink(missing_ok=True)
        if found[number]["caught"]:
            tell(number, found[number]["caught"], found[number]["seconds"])

    _flush()
    copy = fork_each(numbers, report, jobs=jobs, patience=patience)
    if copy is None:
        return found
    own = log.with_suffix(f".{copy.trial}.log")
    handle = os.open(own, os.O_WRONLY | os.O_CREAT | os.O_TRUNC)
    os.dup2(handle, 1)
    os.dup2(handle, 2)
    began = time.monotonic()
    caught = ""
    dut[SELECT].value = copy.trial
    try:
        if limit is None:
            await test(dut)
        else:
            await with_timeout(test(dut), limit, "step")
    except SimTimeoutError:
        caught = f"no end after {_SLOWER} times the usual number of cycles"
    except BaseException as error:
        # Whatever ends the bench early has noticed the mutant: also a failure elsewhere, by which cocotb cancels it.
        caught = f"{type(error).__name__}: {error}".splitlines()[0]
    _flush()
    caught = failed_assertion(_text(own)) or caught
    copy.finish({"caught": caught, "time": get_sim_time("step"), "seconds": time.monotonic() - began})


def _flush() -> None:
    """Write what Python and the simulator have in their buffers, so that no copy has it, too."""
    sys.stdout.flush()
    sys.stderr.flush()
    ctypes.CDLL(None).fflush(None)


def _text(log: Path) -> str:
    with contextlib.suppress(OSError):
        return log.read_text(encoding="utf-8", errors="replace")
    return ""
