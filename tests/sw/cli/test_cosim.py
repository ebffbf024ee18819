"""``onward cosim``."""

from __future__ import annotations

import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from onward.sim.cocotb import runner
from onward.sim.cocotb.runner import BenchResult, SimulatorMissing

from .conftest import Run

RESULTS = [BenchResult("scanner.random", True, 1.5), BenchResult("lane.sums", False, 0.5, "3 is not 4; log: x.log")]


@pytest.fixture
def asked(monkeypatch: pytest.MonkeyPatch) -> dict[str, Any]:
    """What the regression was asked to do; ``results`` are what it gives."""
    seen: dict[str, Any] = {"results": RESULTS[:1]}

    def run(config: Any, simulator: str, benches: Any, progress: Any, seed: int) -> list[BenchResult]:
        seen.update(config=config.name, simulator=simulator, benches=benches, seed=seed)
        results: list[BenchResult] = seen["results"]
        return results

    monkeypatch.setattr(runner, "run", run)
    return seen


def test_success(run: Run, asked: dict[str, Any]) -> None:
    result = run("cosim", "--preset", "tiny", "--simulator", "icarus", "--json", "a.json")
    assert result.exit_code == 0
    assert result.stdout == "tiny, icarus: 1 tests, 0 failures\n"
    assert asked == {"results": RESULTS[:1], "config": "tiny", "simulator": "icarus", "benches": None, "seed": 1}
    assert json.loads(Path("a.json").read_text())["results"][0]["name"] == "scanner.random"


def test_failure(run: Run, asked: dict[str, Any]) -> None:
    asked["results"] = RESULTS
    result = run("cosim", "--preset", "tiny", "--json", "a.json", "--seed", 8)
    assert result.exit_code == 1
    assert result.stdout == "lane.sums: 3 is not 4; log: x.log\ntiny, verilator: 2 tests, 1 failures\n"
    assert json.loads(Path("a.json").read_text())["failures"] == 1
    assert asked["seed"] == 8


def test_refusals(refused: Callable[..., str], asked: dict[str, Any], monkeypatch: pytest.MonkeyPatch) -> None:
    assert "unknown bench 'nothing': use one of" in refused("cosim", "--preset", "tiny", "--bench", "nothing")
    assert "unknown preset" in refused("cosim", "--preset", "huge")

    def missing(*_: object, **__: object) -> None:
        raise SimulatorMissing("Icarus Verilog is not installed")

    monkeypatch.setattr(runner, "run", missing)
    assert refused("cosim", "--preset", "tiny", "--simulator", "icarus") == "Icarus Verilog is not installed"
