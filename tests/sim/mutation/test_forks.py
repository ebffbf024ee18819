"""Copies of a process report, die and hang."""

import os
import time
from typing import Any

from onward.sim.mutation.forks import fork_each


def outcomes(trials: list[str], jobs: int, patience: float = 60) -> dict[str, Any]:
    found: dict[str, Any] = {}
    copy = fork_each(trials, lambda trial, outcome: found.update({trial: outcome}), jobs=jobs, patience=patience)
    if copy is None:
        return found
    if copy.trial == "dies":
        os._exit(3)
    if copy.trial == "hangs":
        time.sleep(60)
    copy.finish({"trial": copy.trial, "process": os.getpid()})


def test_copies() -> None:
    for jobs in (1, 3):
        found = outcomes(["a", "dies", "b", "c"], jobs)
        assert found["dies"] is None
        assert [found[name]["trial"] for name in "abc"] == list("abc")
        assert len({found[name]["process"] for name in "abc"} | {os.getpid()}) == 4


def test_patience() -> None:
    began = time.monotonic()
    found = outcomes(["hangs", "a"], 2, patience=0.5)
    assert found["hangs"] is None and found["a"]["trial"] == "a"
    assert time.monotonic() - began < 30


def test_nothing_to_do() -> None:
    assert outcomes([], 2) == {}
