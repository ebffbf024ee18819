"""``onward eval``."""

from __future__ import annotations

import json
import os
from collections.abc import Callable
from pathlib import Path
from typing import Any

from onward.hw.spec.presets import PRESETS

from ..driver.model_core import ModelCore, PtyCore
from .conftest import Run

Trained = Callable[..., dict[str, Any]]
Refused = Callable[..., str]


def test_gives_what_training_gave(run: Run, trained: Trained) -> None:
    metrics = trained()
    result = run("eval", "RUN", "--test", 50, "--json", "a.json")
    assert result.exit_code == 0
    report = json.loads(Path("a.json").read_text())
    for key in ("test_error_goodness", "test_error_readout", "test_samples", "weights_sha256", "preset", "dataset"):
        assert report[key] == metrics[key], key
    assert f"{metrics['test_error_goodness']:.2f} %" in result.stdout


def test_all_images_of_a_board_with_a_clock(run: Run, trained: Trained) -> None:
    trained()
    with PtyCore(ModelCore(PRESETS["tiny"]).feed) as core:
        assert run("eval", "RUN", "--board", f"serial:{core.port}", "--json", "a.json").exit_code == 0
    assert run("eval", "RUN", "--json", "b.json").exit_code == 0
    a, b = (json.loads(Path(name).read_text()) for name in ("a.json", "b.json"))
    assert a["test_samples"] == b["test_samples"] == 628  # of 2,000, those with label 0 to 2
    assert a["test_error_goodness"] == b["test_error_goodness"]
    assert (a["cycles_per_sample"], b["cycles_per_sample"]) == (100, None)
    assert a["samples_per_s"] == 800_000


def test_refusals(refused: Refused, trained: Trained) -> None:
    trained()
    assert refused("eval", "no") == "no/checkpoint.safetensors: there is no such checkpoint"
    assert "is for another core: tiny (20-6-5" in refused("eval", "RUN", "--preset", "icebreaker")
    assert "test images, not 700" in refused("eval", "RUN", "--test", 700)
    assert "run `onward fetch mnist`" in refused("eval", "RUN", "--dataset", "mnist")
    path = Path("RUN/checkpoint.safetensors")
    path.write_bytes(path.read_bytes()[:-1])
    assert "cannot be read as a checkpoint" in refused("eval", "RUN")
    os.unlink(path)
    assert "there is no such checkpoint" in refused("eval", "RUN")
