"""Runs in this process and in others, and failures that stay alone."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import dask
import pytest
from distributed import LocalCluster

from onward.sw.studies import engine
from onward.sw.studies.engine import run_all
from onward.sw.studies.execute import execute
from onward.sw.studies.run import Run

from .studies_data import runs_of

LASTING = ("weights_sha256", "test_error_goodness", "test_error_readout")


@pytest.fixture
def runs(tmp_path: Path) -> list[Run]:
    return runs_of(tmp_path, "[grid]\nseed = [0, 1, 2]")


def test_in_this_process(runs: list[Run]) -> None:
    outcomes = list(run_all(runs))
    assert [outcome.run for outcome in outcomes] == runs
    assert len({(outcome.figures or {})["weights_sha256"] for outcome in outcomes}) == 3


def test_failure_does_not_lose_the_others(runs: list[Run], monkeypatch: pytest.MonkeyPatch) -> None:
    def fail(run: Run, folder: Path | None) -> dict[str, Any]:
        if run is runs[1]:
            raise ValueError("out\nof luck")
        return {"weights_sha256": "x"}

    monkeypatch.setattr(engine, "execute", fail)
    outcomes = list(run_all(runs))
    assert [outcome.error for outcome in outcomes] == [None, "ValueError: out of luck", None]


def test_in_other_processes(runs: list[Run], tmp_path: Path) -> None:
    # The last one finds no data set there.
    (lost,) = runs_of(tmp_path, "seed = 3")
    object.__setattr__(lost, "dataset", "letters")
    outcomes = {outcome.run: outcome for outcome in run_all([*runs, lost], workers=2)}
    assert "letters" in (outcomes.pop(lost).error or "")
    assert set(outcomes) == set(runs)
    for run, outcome in outcomes.items():
        here = execute(run)
        assert outcome.error is None
        assert all((outcome.figures or {})[name] == here[name] for name in LASTING)


def test_on_a_cluster(runs: list[Run]) -> None:
    with LocalCluster(n_workers=1, processes=False, protocol="tcp://", dashboard_address=None) as cluster:
        outcomes = list(run_all(runs, scheduler=cluster.scheduler_address))
    assert {outcome.run for outcome in outcomes if outcome.error is None} == set(runs)


def test_no_scheduler(runs: list[Run]) -> None:
    with dask.config.set({"distributed.comm.timeouts.connect": "0.5s"}), pytest.raises(OSError, match="127.0.0.1:9"):
        list(run_all(runs, scheduler="tcp://127.0.0.1:9"))
