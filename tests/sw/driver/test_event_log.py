"""TensorBoard event files, read back by TensorBoard."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import pytest
from tensorboard.backend.event_processing.event_accumulator import EventAccumulator

from onward.hw.spec.config import ConfigError
from onward.sw.driver.event_log import EventLog


def scalars(path: Path, tag: str) -> list[tuple[int, float]]:
    events = EventAccumulator(str(path))
    events.Reload()
    return [(event.step, event.value) for event in events.Scalars(tag)]


def log(path: Path, first: int, *samples: int, value: float) -> None:
    with EventLog(path, first) as events:
        for each in samples:
            events.step(each, value, 0.5, 1000.0, {"weight": each, "vector": 2})
        events.validation({"samples": samples[-1], "validation_error_goodness": 4.0, "validation_error_readout": 8.0})


def test_what_is_logged(tmp_path: Path) -> None:
    log(tmp_path / "a", 0, 10, 20, value=25.0)
    expected = {
        "training/error": [(10, 25.0), (20, 25.0)],
        "training/rate_factor": [(10, 0.5), (20, 0.5)],
        "training/samples_per_s": [(10, 1000.0), (20, 1000.0)],
        "saturations/weight": [(10, 10.0), (20, 20.0)],
        "saturations/vector": [(10, 2.0), (20, 2.0)],
        "validation/error_goodness": [(20, 4.0)],
        "validation/error_readout": [(20, 8.0)],
    }
    assert {tag: scalars(tmp_path / "a", tag) for tag in expected} == expected


def test_what_comes_again_after_a_resume_is_there_once(tmp_path: Path) -> None:
    log(tmp_path, 0, 10, 20, 30, 40, value=1.0)
    log(tmp_path, 20, 30, 40, 50, value=2.0)
    assert scalars(tmp_path, "training/error") == [(10, 1.0), (20, 1.0), (30, 2.0), (40, 2.0), (50, 2.0)]


def test_missing_package(monkeypatch: pytest.MonkeyPatch) -> None:
    EventLog.check()
    monkeypatch.delitem(sys.modules, "torch.utils.tensorboard")
    monkeypatch.setitem(sys.modules, "tensorboard", None)
    with pytest.raises(ConfigError, match=r"need the package tensorboard .*: pip install 'onward\[tensorboard\]'"):
        EventLog.check()


def test_imported_only_when_asked_for() -> None:
    code = "import sys, onward.sw.cli.running; print('tensorboard' in sys.modules)"
    found = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert found.stdout == "False\n"
