"""Rows averaged over seeds."""

from __future__ import annotations

import math

from onward.sw.studies.groups import cell_text, group_rows, mixed

ROWS = [
    {"bits": 8, "hidden": [6, 5], "seed": 0, "error": 3.0, "hash": "a"},
    {"bits": 8, "hidden": [6, 5], "seed": 1, "error": 5.0, "hash": "b"},
    {"bits": None, "hidden": [6, 5], "seed": 0, "error": 1.0, "hash": None},
    {"bits": 8, "hidden": [6], "seed": 0, "error": None, "hash": "c"},
]


def test_groups() -> None:
    first, other, third = group_rows(ROWS, ["bits", "hidden"])
    assert [each.values for each in (first, other, third)] == [(8, [6, 5]), (None, [6, 5]), (8, [6])]
    assert first.mean("error") == 4
    assert first.deviation("error") == math.sqrt(2)
    assert (other.mean("error"), other.deviation("error")) == (1, None)
    assert (third.mean("error"), first.mean("hash"), first.mean("none")) == (None, None, None)


def test_mixed() -> None:
    (group,) = group_rows(ROWS, [])
    assert mixed(group, ["bits", "hidden", "seed"], ["seed"]) == ["bits", "hidden"]
    assert mixed(group_rows(ROWS, ["bits", "hidden"])[0], ["bits", "hidden", "seed"], ["seed"]) == []


def test_cell_text() -> None:
    assert [cell_text(each) for each in (None, [6, 5], 0.1, 8, "ff", True)] == ["-", "6-5", "0.1", "8", "ff", "True"]
