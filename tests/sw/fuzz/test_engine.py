"""The engine counts what it should, and parsers that raise, hang, die or change files do not pass."""

from __future__ import annotations

import os
import random
import time
from collections.abc import Callable
from pathlib import Path

import pytest

from onward.sw.fuzz import engine
from onward.sw.fuzz.engine import TargetReport, fuzz, share_of
from onward.sw.fuzz.target import Target, Violation


class Refusal(ValueError):
    """What the parsers here refuse by."""


def target(parse: Callable[[bytes, Path], None], share: int = 500) -> Target:
    def mutate(rng: random.Random, data: bytes) -> bytes:
        return rng.randbytes(1)

    return Target("parser", share, (b"seed",), mutate, parse, (Refusal,))


def run(parse: Callable[[bytes, Path], None], count: int = 40) -> TargetReport:
    return fuzz(target(parse), count, seed=1)


def picky(data: bytes, folder: Path) -> None:
    if data[0] < 128:
        raise Refusal(f"byte {data[0]} is too small")


def test_what_is_taken_and_what_is_refused() -> None:
    done: list[int] = []
    report = fuzz(target(picky), 1200, seed=1, jobs=2, progress=done.append)
    assert report.inputs == 1200 and report.broken == 0
    assert report.accepted + report.refusals["byte N is too small"] == 1200
    assert 400 < report.accepted < 800
    assert sorted(done) == done and done[-1] == 1200


@pytest.mark.parametrize(
    ("line", "told"),
    [
        ("a\nb", "cannot be printed"),
        ("\x1b[2J", "cannot be printed"),
        ("x" * 5000, "refused in 5,000 characters"),
        (" ", "without a reason"),
    ],
)
def test_a_refusal_is_one_plain_line(line: str, told: str) -> None:
    def parse(data: bytes, folder: Path) -> None:
        raise Refusal(line)

    report = run(parse)
    assert report.broken == 40
    assert told in report.crashes[0].what


def test_any_other_exception_is_a_crash_that_can_be_made_again() -> None:
    def parse(data: bytes, folder: Path) -> None:
        if data[0] == 200:
            raise KeyError("nowhere")

    report = run(parse, 2000)
    assert 0 < report.broken < 40
    assert "KeyError" in report.crashes[0].what
    assert all(target(parse).make(1, crash.number)[0] == 200 for crash in report.crashes)


def test_a_parser_that_changes_a_file() -> None:
    def parse(data: bytes, folder: Path) -> None:
        raise Violation("a file has changed")

    assert run(parse).crashes[0].what == "Violation: a file has changed"


def test_a_process_that_dies_is_found_by_the_input_that_did_it() -> None:
    def parse(data: bytes, folder: Path) -> None:
        if data[0] == 7:
            os._exit(3)

    report = run(parse, 600)
    assert report.inputs == 600
    assert report.broken > 0
    assert all(target(parse).make(1, crash.number)[0] == 7 for crash in report.crashes)


def test_a_parser_that_hangs(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(engine, "_PATIENCE_S", 1.0)

    def parse(data: bytes, folder: Path) -> None:
        if data[0] > 200:
            time.sleep(3600)

    report = run(parse, 10)
    assert report.inputs == 10 and report.broken > 0
    assert "did not come to an end" in report.crashes[0].what


def test_shares() -> None:
    assert share_of(target(picky, share=250), 1_000_000) == 250_000
    assert share_of(target(picky, share=1), 10) == 1
