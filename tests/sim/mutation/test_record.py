"""Verdicts are kept for the same netlist, bench and job, and for no other."""

from __future__ import annotations

from pathlib import Path

from onward.hw.spec.presets import PRESETS
from onward.sim.cocotb.job import Job
from onward.sim.mutation.record import Record

JOB = Job(PRESETS["tiny"], 1)
OUTCOME = {"number": 3, "caught": "1 instead of 2", "seconds": 0.5}


def test_verdicts_are_kept(tmp_path: Path) -> None:
    record = Record(tmp_path, "scanner", "module", JOB)
    assert record.outcomes == {}
    record.add(OUTCOME)
    assert record.outcomes == {3: OUTCOME}
    assert Record(tmp_path, "scanner", "module", JOB).outcomes == {3: OUTCOME}


def test_for_nothing_else(tmp_path: Path) -> None:
    Record(tmp_path, "scanner", "module", JOB).add(OUTCOME)
    assert not Record(tmp_path, "scanner", "another module", JOB).outcomes
    assert not Record(tmp_path, "cluster", "module", JOB).outcomes
    assert not Record(tmp_path, "scanner", "module", Job(PRESETS["tiny"], 2)).outcomes


def test_fresh(tmp_path: Path) -> None:
    Record(tmp_path, "scanner", "module", JOB).add(OUTCOME)
    assert not Record(tmp_path, "scanner", "module", JOB, fresh=True).outcomes
    assert not Record(tmp_path, "scanner", "module", JOB).outcomes
