"""What a parser must do with whatever it is given: take it, or refuse it in one line."""

from __future__ import annotations

import os
import random
import re
import time
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

__all__ = ["ACCEPTED", "Target", "Verdict", "Violation", "snapshot"]

ACCEPTED = "accepted"
_SECONDS = 5.0
"""Processor time that no input may take, whoever else computes on this machine."""
_LONGEST_LINE = 4000
_KIND_LENGTH = 60
_LONGEST_KIND = 400


class Violation(Exception):
    """A parser has broken a promise without raising anything; the message says which."""


@dataclass(frozen=True)
class Verdict:
    """What became of one input.

    Members
    -------
    kind : ``accepted``, or the reason of the refusal without names and numbers.
    crash : what should not have happened, or None.
    seconds : of processor time.
    """

    kind: str
    crash: str | None
    seconds: float


@dataclass(frozen=True)
class Target:
    """A parser under fire.

    Members
    -------
    name : what the command line calls it.
    share : of the inputs of a run over all targets, in thousandths.
    seeds : valid inputs that the others are made from.
    mutate : a hostile input made from another one.
    parse : gives an input to the parser, in an empty folder that it may write the input to; raises Violation if it
        takes something that it should not, or changes a file.
    refusals : exceptions by which the parser may refuse.
    """

    name: str
    share: int
    seeds: tuple[bytes, ...]
    mutate: Callable[[random.Random, bytes], bytes]
    parse: Callable[[bytes, Path], None]
    refusals: tuple[type[Exception], ...]

    def make(self, seed: int, number: int) -> bytes:
        """Input ``number`` of a run: it depends on nothing else."""
        rng = random.Random(f"{self.name} {seed} {number}")
        data = rng.choice(self.seeds)
        # Now and then the seed itself: a fuzzer whose valid inputs are refused tests nothing.
        return data if rng.random() < 0.01 else self.mutate(rng, data)

    def judge(self, data: bytes, folder: Path) -> Verdict:
        """Give an input to the parser and judge what it does."""
        crash = None
        began = time.thread_time()
        try:
            self.parse(data, folder)
            kind = ACCEPTED
        except self.refusals as error:
            kind = _kind(error)
            crash = _flaw(str(error))
        except Exception as error:
            kind = "crashed"
            crash = f"{type(error).__name__}: {str(error)[:200]}"
        seconds = time.thread_time() - began
        if seconds > _SECONDS and crash is None:
            crash = f"took {seconds:.1f} s"
        return Verdict(kind, crash, seconds)


def snapshot(folder: Path) -> dict[str, tuple[int, int, int]]:
    """What a folder holds, so that any change of it shows."""
    with os.scandir(folder) as entries:
        return {each.name: (each.inode(), (status := each.stat()).st_size, status.st_mtime_ns) for each in entries}


def _flaw(line: str) -> str | None:
    """What is wrong with the line that tells the user why."""
    if not line.strip():
        return "refused without a reason"
    if len(line) > _LONGEST_LINE:
        return f"refused in {len(line):,} characters"
    if not line.isprintable():
        # Line breaks, escape sequences that a terminal obeys, and halves of characters that cannot be printed at all.
        return f"refused in a line that cannot be printed as it is: {line[:200]!r}"
    return None


def _kind(error: Exception) -> str:
    # The beginning is enough, and patterns take long on lines without end.
    text = re.sub(r"'[^']*'|\"[^\"]*\"", "'…'", str(error)[:_LONGEST_KIND])
    text = re.sub(r"\S*/\S*: ", "", text)
    text = re.sub(r"(0x)?\d[\d.,x-]*", "N", text)
    return text[:_KIND_LENGTH].strip() or type(error).__name__
