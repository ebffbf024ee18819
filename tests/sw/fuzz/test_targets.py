"""Every parser stands some hundred hostile inputs, takes its valid ones, and what it would not stand is noticed."""

from __future__ import annotations

from pathlib import Path

import pytest

from onward.sw.fuzz.target import ACCEPTED
from onward.sw.fuzz.targets import TARGETS

INPUTS = {"frames": 600, "idx": 600, "idx-gzip": 300, "presets": 150, "studies": 150}
SOME = 60


@pytest.mark.parametrize("name", TARGETS)
def test_a_parser_stands_hostile_inputs(name: str, tmp_path: Path) -> None:
    target = TARGETS[name]()
    kinds = set()
    for number in range(INPUTS.get(name, SOME)):
        verdict = target.judge(target.make(99, number), tmp_path)
        assert verdict.crash is None, f"input {number}: {verdict.crash}"
        kinds.add(verdict.kind)
    assert len(kinds) > 5, "the inputs are all alike"


@pytest.mark.parametrize("name", TARGETS)
def test_valid_inputs_are_valid(name: str, tmp_path: Path) -> None:
    target = TARGETS[name]()
    verdicts = [target.judge(seed, tmp_path) for seed in target.seeds]
    assert not [verdict.crash for verdict in verdicts if verdict.crash]
    # Replies that report errors and folders without a checkpoint are refused, as they should be.
    assert sum(verdict.kind == ACCEPTED for verdict in verdicts) >= len(verdicts) / 2


@pytest.mark.parametrize("name", TARGETS)
def test_inputs_are_made_again_from_their_number(name: str) -> None:
    first, second = TARGETS[name](), TARGETS[name]()
    assert [first.make(3, number) for number in range(20)] == [second.make(3, number) for number in range(20)]
    assert len({first.make(3, number) for number in range(20)}) > 10


def test_shares_make_a_whole() -> None:
    assert sum(make().share for make in TARGETS.values()) == 1000
