"""A study from its runs to its table of results; what is done stays done."""

from __future__ import annotations

import csv
import io
import json
from collections.abc import Callable, Iterable, Sequence
from dataclasses import asdict, dataclass, field
from pathlib import Path
from typing import Any

from onward.hw.spec.config import CoreConfig
from onward.hw.spec.presets import PRESETS
from onward.sw.driver.files import write_file

from .engine import Outcome
from .run import Run

__all__ = ["Sweep"]


@dataclass
class Sweep:
    """The runs of a study, and their rows in a folder: ``rows/KEY.json``, one a run, each complete or absent.

    Parameters
    ----------
    runs : all runs; equal ones, such as of two blocks, are done once.
    folder : made if it is not there.
    """

    runs: Sequence[Run]
    folder: Path
    failures: dict[str, str] = field(default_factory=dict)

    def __post_init__(self) -> None:
        self._keys = [run.key for run in self.runs]
        (self.folder / "rows").mkdir(parents=True, exist_ok=True)

    def missing(self) -> list[Run]:
        """The runs that have no row yet, each once."""
        by_key = dict(zip(self._keys, self.runs, strict=True))
        return [run for key, run in by_key.items() if not self._row(key).exists()]

    def collect(self, outcomes: Iterable[Outcome], progress: Callable[[Run], None] | None = None) -> None:
        """Write a row for every run that was done, and keep in mind why others were not."""
        for outcome in outcomes:
            key = outcome.run.key
            if outcome.error is None:
                row = outcome.run.inputs() | (outcome.figures or {})
                write_file(self._row(key), (json.dumps(row, indent=2) + "\n").encode())
            else:
                self.failures[key] = outcome.error
            if progress:
                progress(outcome.run)

    def rows(self) -> list[dict[str, Any]]:
        """The rows that are there, in the order of the runs, each with the block it is of and the command it equals.

        All have the same columns; what a run has no such thing as is None.
        """
        rows = []
        for key, run in zip(self._keys, self.runs, strict=True):
            if self._row(key).exists():
                outcome = json.loads(self._row(key).read_text())
                names = {"key": key, "study": run.study, "preset": run.preset}
                # Rows of an older version lack the inputs that it did not know.
                rows.append(names | run.inputs() | outcome | {"command": run.command(self._preset(run))})
        columns = dict.fromkeys(name for row in rows for name in row)
        return [{name: row.get(name) for name in columns} for row in rows]

    def axes(self) -> list[str]:
        """What the runs differ in on purpose: the keys of all grids, and the blocks if there are several."""
        names = ["study"] if len({run.study for run in self.runs}) > 1 else []
        return names + list(dict.fromkeys(axis for run in self.runs for axis in run.point))

    def report(self) -> dict[str, Any]:
        """All there is: axes, rows, failures."""
        inputs = ["study", "preset", *dict.fromkeys(name for run in self.runs for name in run.inputs())]
        failures = [
            {"key": key, "run": run.label, "error": self.failures[key]}
            for key, run in zip(self._keys, self.runs, strict=True)
            if key in self.failures
        ]
        rows = self.rows()
        return {
            "axes": self.axes(),
            "inputs": inputs,
            "runs": len(self.runs),
            "missing": len(self.runs) - len(rows),
            "failures": failures,
            "rows": rows,
        }

    def write(self) -> dict[str, Any]:
        """Write ``results.json`` and ``results.csv``, and the configurations that no preset is; returns the report."""
        for run in self.runs:
            if not run.is_float and _changed(run):
                target = self.folder / self._preset_file(run)
                target.parent.mkdir(exist_ok=True)
                write_file(target, _toml(run.config).encode())
        report = self.report()
        write_file(self.folder / "results.json", (json.dumps(report, indent=2) + "\n").encode())
        text = io.StringIO()
        table = csv.DictWriter(text, list(report["rows"][0]) if report["rows"] else [], lineterminator="\n")
        table.writeheader()
        for row in report["rows"]:
            table.writerow(row | {"hidden": "-".join(map(str, row["hidden"]))})
        write_file(self.folder / "results.csv", text.getvalue().encode())
        return report

    def _row(self, key: str) -> Path:
        return self.folder / "rows" / f"{key}.json"

    def _preset(self, run: Run) -> str:
        """What ``onward train --preset`` takes for the core of a run."""
        return str(self.folder / self._preset_file(run)) if _changed(run) else run.preset

    @staticmethod
    def _preset_file(run: Run) -> Path:
        return Path("presets") / f"{run.config.digest}.toml"


def _changed(run: Run) -> bool:
    """Whether the core is a preset's no more."""
    return run.preset not in PRESETS or PRESETS[run.preset].digest != run.config.digest


def _toml(config: CoreConfig) -> str:
    """A configuration as a file that :func:`~onward.hw.spec.presets.load_preset` reads."""
    # Texts, numbers and lists of numbers are written in TOML as in JSON.
    return "".join(f"{name} = {json.dumps(value)}\n" for name, value in asdict(config).items())
