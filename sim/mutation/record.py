"""Verdicts of earlier campaigns, so that one that was stopped goes on, and one that is repeated costs nothing."""

from __future__ import annotations

import hashlib
import importlib.util
import json
from pathlib import Path
from typing import Any

from onward.sim.cocotb.benches import BENCHES
from onward.sim.cocotb.job import Job

__all__ = ["Record"]


class Record:
    """What a bench has said of the mutants of a netlist, in a file that grows with every verdict.

    The file is another one for another netlist, other mutants in it, another text of the bench, or another job. What a
    bench imports is not looked at: after a change of a model, begin anew.

    Parameters
    ----------
    folder : of the files.
    bench : name of the bench.
    verilog : the unit with all its mutants.
    job : what the bench is told.
    fresh : forget what is there.
    """

    def __init__(self, folder: Path, bench: str, verilog: str, job: Job, fresh: bool = False) -> None:
        spec = importlib.util.find_spec(BENCHES[bench].tests)
        assert spec is not None and spec.origin is not None
        parts = (verilog, Path(spec.origin).read_text(encoding="utf-8"), json.dumps(job.environment()))
        key = hashlib.sha256("\0".join(parts).encode()).hexdigest()[:16]
        self.path = folder / f"{bench}-{key}.jsonl"
        if fresh:
            self.path.unlink(missing_ok=True)
        lines = self.path.read_text(encoding="utf-8").splitlines() if self.path.exists() else []
        self.outcomes: dict[int, dict[str, Any]] = {}
        for line in lines:
            outcome = json.loads(line)
            self.outcomes[outcome["number"]] = outcome

    def add(self, outcome: dict[str, Any]) -> None:
        """Take down a verdict."""
        self.outcomes[outcome["number"]] = outcome
        with self.path.open("a", encoding="utf-8") as file:
            file.write(json.dumps(outcome) + "\n")
