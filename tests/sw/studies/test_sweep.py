"""Studies and their folders."""

from __future__ import annotations

import csv
import json
from pathlib import Path

import pytest

from onward.hw.spec.presets import load_preset
from onward.sw.studies.engine import Outcome, run_all
from onward.sw.studies.run import Run
from onward.sw.studies.sweep import Sweep

from .studies_data import runs_of

TWO = """
[grid]
seed = [0, 1]
[[study]]
name = "a"
[study.grid]
weight_bits = [9, 14]
[[study]]
name = "b"
rule = "backprop"
"""


@pytest.fixture
def runs(tmp_path: Path) -> list[Run]:
    return runs_of(tmp_path, TWO)


def test_row_of_an_older_version_has_all_inputs(runs: list[Run], tmp_path: Path) -> None:
    sweep = Sweep(runs[:2], tmp_path / "out")
    sweep.collect(Outcome(run, {"seconds": 1.0}) for run in runs[:2])
    path = tmp_path / "out" / "rows" / f"{runs[0].key}.json"
    path.write_text(
        json.dumps({name: each for name, each in json.loads(path.read_text()).items() if name != "read_noise"})
    )
    assert [row["read_noise"] for row in sweep.rows()] == [0.0, 0.0]


def test_rows(runs: list[Run], tmp_path: Path) -> None:
    sweep = Sweep(runs, tmp_path / "out")
    assert sweep.missing() == runs
    seen: list[Run] = []
    # In whatever order they come.
    sweep.collect(reversed(list(run_all(runs))), seen.append)
    assert seen == runs[::-1]
    assert sweep.missing() == []
    report = sweep.write()
    assert report["axes"] == ["study", "seed", "weight_bits"]
    assert (report["runs"], report["missing"], report["failures"]) == (6, 0, [])
    rows = report["rows"]
    assert [(row["study"], row["seed"], row["weight_bits"]) for row in rows] == [
        *(("a", 0, 9), ("a", 0, 14), ("a", 1, 9), ("a", 1, 14), ("b", 0, None), ("b", 1, None))
    ]
    assert json.loads((tmp_path / "out/results.json").read_text()) == report
    first = rows[0]
    assert first["hidden"] == [6, 5]
    assert set(report["inputs"]) < set(first)
    file = tmp_path / "out" / "presets" / f"{runs[0].config.digest}.toml"
    assert load_preset(str(file)).digest == runs[0].config.digest
    assert first["command"].startswith(f"onward train --preset {file} ")
    assert rows[1]["command"].startswith("onward train --preset tiny ")
    with (tmp_path / "out/results.csv").open() as lines:
        table = list(csv.DictReader(lines))
    assert [row["weights_sha256"] for row in table] == [row["weights_sha256"] or "" for row in rows]
    assert table[0]["hidden"] == "6-5"


def test_what_is_done_is_not_missing(runs: list[Run], tmp_path: Path) -> None:
    Sweep(runs, tmp_path / "out").collect([Outcome(runs[1], {"a": 1}), Outcome(runs[2], error="bad luck")])
    again = Sweep(runs, tmp_path / "out")
    assert again.missing() == [runs[0], *runs[2:]]
    assert [row["a"] for row in again.rows()] == [1]


def test_failures(runs: list[Run], tmp_path: Path) -> None:
    sweep = Sweep(runs, tmp_path / "out")
    sweep.collect([Outcome(runs[2], error="bad luck")])
    report = sweep.report()
    assert report["failures"] == [{"key": runs[2].key, "run": "a, seed=1 weight_bits=9", "error": "bad luck"}]
    assert (report["missing"], report["rows"]) == (6, [])


def test_equal_runs_are_done_once(tmp_path: Path) -> None:
    runs = runs_of(tmp_path, "[[study]]\n[[study]]\nepochs = 1")
    sweep = Sweep(runs, tmp_path / "out")
    (only,) = sweep.missing()
    sweep.collect([Outcome(only, {"a": 1})])
    assert [row["study"] for row in sweep.rows()] == ["study 1", "study 2"]


def test_interruption_keeps_what_is_done(runs: list[Run], tmp_path: Path) -> None:
    def outcomes():  # type: ignore[no-untyped-def]
        yield Outcome(runs[0], {"a": 1})
        raise KeyboardInterrupt

    sweep = Sweep(runs, tmp_path / "out")
    with pytest.raises(KeyboardInterrupt):
        sweep.collect(outcomes())
    assert Sweep(runs, tmp_path / "out").missing() == runs[1:]
