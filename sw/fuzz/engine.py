"""Gives a parser hostile inputs by the thousand, in copies of this process that may crash or hang."""

from __future__ import annotations

import mmap
import os
import tempfile
import time
import traceback
from collections import Counter
from collections.abc import Callable
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from onward.sim.mutation.forks import fork_each

from .target import ACCEPTED, Target

__all__ = ["Crash", "TargetReport", "fuzz", "share_of"]

_CHUNK = 2000
"""Inputs of one copy: what a crash of the process itself costs."""
_PATIENCE_S = 600.0
"""A chunk takes seconds, on a busy machine some more."""
_PLACE = 8
_MOST_CRASHES = 20
"""That a copy tells of; the first of a kind is what people look at."""


@dataclass(frozen=True)
class Crash:
    """An input that a parser has not stood.

    Members
    -------
    number : of the input; target, seed and number make it again.
    what : has happened.
    """

    number: int
    what: str


@dataclass
class TargetReport:
    """What became of the inputs of one target.

    Members
    -------
    name : of the target. ``inputs`` : how many it got. ``accepted`` : how many of them it took.
    refusals : how often it gave each reason, names and numbers apart.
    crashes : of those that it did not stand, some.
    broken : how many those were.
    seconds : of processor time. ``slowest`` : of one input.
    """

    name: str
    inputs: int = 0
    accepted: int = 0
    refusals: dict[str, int] = field(default_factory=dict)
    crashes: list[Crash] = field(default_factory=list)
    broken: int = 0
    seconds: float = 0.0
    slowest: float = 0.0


def share_of(target: Target, inputs: int) -> int:
    """How many of the ``inputs`` of a run over all targets this one gets."""
    return max(1, inputs * target.share // 1000)


def fuzz(
    target: Target, count: int, seed: int, jobs: int = 1, progress: Callable[[int], None] = lambda done: None
) -> TargetReport:
    """Give inputs 0 to ``count`` of ``seed`` to a target.

    Parameters
    ----------
    jobs : copies of this process at a time.
    progress : called with how many inputs are done.
    """
    report = TargetReport(target.name)
    chunks = [(first, min(first + _CHUNK, count)) for first in range(0, count, _CHUNK)]
    with tempfile.TemporaryDirectory(prefix="onward-fuzz-") as work:
        while chunks:
            chunks = _round(target, seed, chunks, jobs, Path(work), report, progress)
    return report


def _round(
    target: Target,
    seed: int,
    chunks: list[tuple[int, int]],
    jobs: int,
    work: Path,
    report: TargetReport,
    progress: Callable[[int], None],
) -> list[tuple[int, int]]:
    """Judge all chunks, each in a copy; returns what is left of those whose copies have died."""
    left: list[tuple[int, int]] = []
    # Memory that the copies share: which input each of them has come to.
    with mmap.mmap(-1, _PLACE * len(chunks)) as places:

        def add(trial: tuple[int, int, int], outcome: dict[str, Any] | None) -> None:
            index, first, end = trial
            if outcome is None:
                # The copy has told nothing of those before, either: they are judged once more, without this one.
                number = int.from_bytes(places[_PLACE * index : _PLACE * (index + 1)], "little")
                left.extend(each for each in ((first, number), (number + 1, end)) if each[0] < each[1])
                what = "the process died, or did not come to an end"
                outcome = {"inputs": 1, "broken": 1, "crashes": [(number, what)]}
            _add(report, outcome)
            progress(report.inputs)

        trials = [(index, *chunk) for index, chunk in enumerate(chunks)]
        copy = fork_each(trials, add, jobs=jobs, patience=_PATIENCE_S)
        if copy is not None:
            try:
                with tempfile.TemporaryDirectory(dir=work) as folder:
                    outcome = _judge(target, seed, copy.trial, places, Path(folder))
                copy.finish(outcome)
            finally:
                # Whatever happens, a copy must not go on with what the original does.
                traceback.print_exc()
                os._exit(1)
    return left


def _judge(target: Target, seed: int, trial: tuple[int, int, int], places: mmap.mmap, folder: Path) -> dict[str, Any]:
    """What a copy has to tell."""
    index, first, end = trial
    began = time.process_time()
    refusals: Counter[str] = Counter()
    crashes: list[tuple[int, str]] = []
    accepted, broken, slowest = 0, 0, 0.0
    for number in range(first, end):
        places[_PLACE * index : _PLACE * (index + 1)] = number.to_bytes(_PLACE, "little")
        verdict = target.judge(target.make(seed, number), folder)
        slowest = max(slowest, verdict.seconds)
        if verdict.crash is not None:
            broken += 1
            if len(crashes) < _MOST_CRASHES:
                crashes.append((number, verdict.crash))
        elif verdict.kind == ACCEPTED:
            accepted += 1
        else:
            refusals[verdict.kind] += 1
    return {
        "inputs": end - first,
        "accepted": accepted,
        "broken": broken,
        "refusals": dict(refusals),
        "crashes": crashes,
        "seconds": time.process_time() - began,
        "slowest": slowest,
    }


def _add(report: TargetReport, outcome: dict[str, Any]) -> None:
    report.inputs += outcome["inputs"]
    report.accepted += outcome.get("accepted", 0)
    report.broken += outcome["broken"]
    for reason, count in outcome.get("refusals", {}).items():
        report.refusals[reason] = report.refusals.get(reason, 0) + count
    report.crashes += [Crash(number, what) for number, what in outcome["crashes"]]
    del report.crashes[_MOST_CRASHES:]
    report.seconds += outcome.get("seconds", 0.0)
    report.slowest = max(report.slowest, outcome.get("slowest", 0.0))
