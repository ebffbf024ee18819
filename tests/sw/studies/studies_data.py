"""Study files of the tests."""

from __future__ import annotations

from pathlib import Path

from onward.sw.studies.plan import plan_runs
from onward.sw.studies.run import Run

__all__ = ["SMALL", "runs_of"]

SMALL = """
preset = "tiny"
dataset = "mnist-small"
images = 60
test = 40
"""


def runs_of(tmp_path: Path, text: str, head: str = SMALL) -> list[Run]:
    """The runs of a study file that begins with ``head``."""
    path = tmp_path / "study.toml"
    path.write_text(f"{head}\n{text}")
    return plan_runs(path)
