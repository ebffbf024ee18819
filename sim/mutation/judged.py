"""Survivors that people have judged."""

from __future__ import annotations

import re
import tomllib
from dataclasses import dataclass
from functools import cache
from pathlib import Path

from .design import Mutant

__all__ = ["argued_equivalent", "description"]


@dataclass(frozen=True)
class _Argument:
    module: str
    match: re.Pattern[str]
    why: str


def description(mutant: Mutant) -> str:
    """A mutant in one line: where, and what is different."""
    return f"{', '.join(mutant.where) or mutant.module}: {mutant.change}"


def argued_equivalent(mutant: Mutant) -> str:
    """Why a mutant changes nothing, in the words of ``judged.toml``; empty if it does not say so."""
    text = description(mutant)
    for argument in _arguments():
        if argument.module == mutant.module and argument.match.search(text):
            return argument.why
    return ""


@cache
def _arguments() -> tuple[_Argument, ...]:
    text = (Path(__file__).parent / "judged.toml").read_text(encoding="utf-8")
    entries = tomllib.loads(text)["equivalent"]
    return tuple(_Argument(entry["module"], re.compile(entry["match"]), entry["why"]) for entry in entries)
