"""Whole builds of small cores, one for each family: bitstream, figures, and the netlist in simulation.

The figures must not be worse than the committed ones by more than a margin. After a change that is meant to cost
something, write new ones: ``docs/boards/checks.md`` says how. The simulations of the netlists take as long again as the
builds, and run only if the environment has ``ONWARD_BITSTREAMS=1``.
"""

from __future__ import annotations

import json
import os
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from typer.testing import CliRunner

from onward.hw.spec.config import CoreConfig
from onward.hw.spec.presets import load_preset
from onward.sw.cli.main import app
from onward.sw.data.datasets import load
from onward.sw.driver.board import Board
from onward.sw.driver.compare import compare
from onward.sw.driver.fitting import fit_dataset
from onward.sw.driver.recipe import Recipe
from onward.sw.driver.rules import find_rule
from onward.sw.golden.sample import Batch
from onward.sw.programs.random_program import random_program

HERE = Path(__file__).parent
CHECKS = json.loads((HERE.parents[2] / "docs/boards/checks.json").read_text())
SAMPLES = 12

simulated = pytest.mark.skipif(
    os.environ.get("ONWARD_BITSTREAMS") != "1", reason="whole netlists are simulated only with ONWARD_BITSTREAMS=1"
)


@dataclass(frozen=True)
class Check:
    """A build, and what it was before."""

    folder: Path
    config: CoreConfig
    report: dict[str, Any]
    before: dict[str, Any]


@pytest.fixture(
    scope="session",
    params=[pytest.param(name, marks=pytest.mark.xdist_group(f"bitstream {name}")) for name in CHECKS["builds"]],
)
def check(request, tmp_path_factory) -> Check:
    before = CHECKS["builds"][request.param]
    folder = tmp_path_factory.mktemp("build") / "out"
    preset = HERE / before["preset"]
    arguments = ["build", "--board", before["board"], "--preset", str(preset), "--out", str(folder)]
    arguments += ["--first-seed", str(before["seed"]), "--allow-timing-failure"]
    CliRunner().invoke(app, arguments, catch_exceptions=False)
    return Check(folder, load_preset(str(preset)), json.loads((folder / "report.json").read_text()), before)


def test_there_is_a_bitstream(check):
    bitstream = check.folder / check.report["bitstream"]
    assert bitstream.stat().st_size > 20_000
    assert load_preset(str(check.folder / "preset.toml")).digest == check.config.digest == check.report["digest"]


def test_the_clock_is_constrained_and_judged(check):
    fmax = check.report["fmax_mhz"]
    assert fmax["min"] == fmax["median"] == fmax["max"]
    assert check.report["timing_met"] == (fmax["max"] >= check.report["clock_mhz"])
    assert check.report["clock_mhz"] == check.config.clock_mhz


def test_it_is_as_fast_as_it_was(check):
    least = check.before["fmax_mhz"] * (1 - CHECKS["fmax_margin"])
    assert check.report["fmax_mhz"]["median"] >= least, f"Fmax has dropped from {check.before['fmax_mhz']} MHz"


@pytest.mark.parametrize("resource", ["lut", "ff", "bram", "dsp"])
def test_it_is_as_small_as_it_was(check, resource):
    used, before = check.report[resource]["used"], check.before[resource]
    assert used <= before * (1 + CHECKS["area_margin"]), f"{resource}: {used}, but {before} before"


@simulated
def test_the_netlist_trains_as_the_golden_model_does(check):
    """Real samples: every output and every weight."""
    config = check.config
    data = fit_dataset(load("mnist-small"), config)
    recipe = Recipe("ff", SAMPLES, SAMPLES, find_rule("ff").parameters, 1)
    with Board.open("golden", config) as golden, Board.open(f"netlist:{check.folder}", config) as netlist:
        result = compare((golden, netlist), recipe, data.train_images, data.train_labels)
    assert result.equal, result.difference and result.difference.describe()
    assert len(set(result.weights_sha256.values())) == 1


@simulated
def test_the_netlist_in_the_corners(check):
    """Weights at both ends of their range, pixels of 255: products of two negatives, saturation, rounding."""
    config = check.config
    rng = np.random.default_rng(5)
    method = find_rule("ff")
    training = method.build(config, method.parameters)
    programs = [(training, "train")]
    if not config.compact:
        programs += [(random_program(config, seed), "main") for seed in range(6)]
    images = rng.choice(np.array([0, 1, 128, 255], dtype=np.uint8), (3, config.inputs), p=(0.2, 0.1, 0.2, 0.5))
    batch = Batch.from_images(images, np.arange(3, dtype=np.uint8) % config.classes)
    ends = np.array([config.weight.min, config.weight.min + 1, -1, 0, 1, config.weight.max])
    saturated = 0
    with Board.open("golden", config) as golden, Board.open(f"netlist:{check.folder}", config) as netlist:
        for number, (program, entry) in enumerate(programs):
            weights = rng.choice(ends, (config.rows, config.lanes), p=(0.35, 0.1, 0.05, 0.05, 0.1, 0.35))
            seen = []
            for board in (golden, netlist):
                board.load_program(program)
                board.write_weights(weights)
                board.seed(number)
                board.reset()
                results = board.run(entry, batch)
                counters = board.counters()
                counts = {name: counters[name] for name in counters if name.endswith("saturations")}
                seen.append((results, board.read_weights(config.rows).tolist(), counts))
            assert seen[0][0] == seen[1][0]
            assert seen[0][1] == seen[1][1]
            known = {name: count for name, count in seen[0][2].items() if count is not None}
            assert known.items() <= seen[1][2].items()
            saturated += sum(seen[1][2].values())
    assert saturated > 0
