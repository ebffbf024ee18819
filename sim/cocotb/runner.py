"""Runs the benches: Verilog of each unit, compiled by a simulator, driven by cocotb."""

from __future__ import annotations

import time
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Literal

from cocotb_tools.runner import get_runner

from onward.hw.spec.config import CoreConfig
from onward.hw.verilog import generate
from onward.sim.coverage.bins import BINS_FILE, BINS_VARIABLE
from onward.sim.coverage.report import COUNTS_FILE
from onward.sw.data.catalogue import cache_folder

from .benches import BENCHES, Bench
from .build import TOP, build
from .job import Job
from .netlist import generate_netlist
from .report import BenchResult, read_results
from .tools import SimulatorMissing, simulator_tools

__all__ = ["BenchResult", "SimulatorMissing", "run"]


def run(
    preset: CoreConfig,
    simulator: Literal["verilator", "icarus"],
    benches: Sequence[str | Bench] | None = None,
    progress: Callable[[str], None] = lambda line: None,
    *,
    seed: int = 1,
    effort: float = 1.0,
    folder: Path | None = None,
    waves: bool = False,
    coverage: bool = False,
) -> list[BenchResult]:
    """Run benches one after the other; returns a result for each of their tests, in order.

    Parameters
    ----------
    preset : the core.
    simulator : ``verilator`` or ``icarus``.
    benches : which, by name or as they are; all by default.
    progress : called with a line of text whenever something begins or ends.
    seed : decides all random choices; the same seed repeats a run.
    effort : scales how much random stimulus there is.
    folder : keeps Verilog, logs and waveforms of each bench in a folder of its name; in the cache by default.
    waves : record waveforms.
    coverage : leave ``coverage.dat`` in each bench's folder, and ``bins.json`` where a bench counts what it has met;
        Verilator only. The Verilog there has the lines of its source as attributes.

    Raises
    ------
    SimulatorMissing
        If the simulator cannot be used on this machine.
    BuildError
        If it cannot compile a unit.
    ValueError
        For an unknown simulator or bench.
    """
    chosen = [_find(bench) for bench in (BENCHES if benches is None else benches)]
    job = Job(preset, seed, effort)
    folder = (folder or cache_folder("cosim") / f"{preset.name}-{simulator}").absolute()
    results = []
    with simulator_tools(simulator):
        for number, bench in enumerate(chosen, 1):
            progress(f"{bench.name} ({number} of {len(chosen)}) on {preset.name}, {simulator}, seed {seed}")
            for result in _run_bench(bench, job, simulator, folder / bench.name, waves, coverage):
                repeat = "" if result.passed else f"; to repeat it: --bench {bench.name} --seed {seed}"
                progress(f"{result.name}: {'passed' if result.passed else 'FAILED'} in {result.seconds:.1f} s{repeat}")
                results.append(result)
    return results


def _find(bench: str | Bench) -> Bench:
    if isinstance(bench, Bench):
        return bench
    if bench not in BENCHES:
        raise ValueError(f"unknown bench {bench!r}: use one of {', '.join(BENCHES)}")
    return BENCHES[bench]


def _run_bench(bench: Bench, job: Job, simulator: str, folder: Path, waves: bool, coverage: bool) -> list[BenchResult]:
    """Build, simulate, and read what cocotb has reported."""
    folder.mkdir(parents=True, exist_ok=True)
    log, report = folder / "simulation.log", folder / "results.xml"
    for old in (log, report, folder / COUNTS_FILE, folder / BINS_FILE):
        old.unlink(missing_ok=True)
    component = bench.component(job.config)
    icarus = simulator == "icarus"
    verilog = generate_netlist(component, TOP) if icarus else generate(component, TOP, sources=coverage)
    (folder / f"{TOP}.sv").write_text(verilog, encoding="utf-8")
    runner = get_runner(simulator)
    built = build(runner, verilog, simulator, folder, waves, coverage)
    counted = {BINS_VARIABLE: str(folder / BINS_FILE)} if coverage else {}
    began = time.monotonic()
    trouble = ""
    try:
        runner.test(
            test_module=bench.tests,
            hdl_toplevel=TOP,
            hdl_toplevel_lang="verilog",
            build_dir=built,
            test_dir=folder,
            seed=job.seed,
            extra_env=job.environment() | {"COCOTB_ANSI_OUTPUT": "0"} | counted,
            results_xml=str(report),
            log_file=log,
            waves=waves,
            plusargs=[f"+dumpfile_path={folder / 'dump.fst'}"] if waves and simulator == "icarus" else [],
        )
    except (SystemExit, RuntimeError) as error:
        # This is how the runner says that tests have failed, or that the simulator has.
        trouble = str(error) or "the simulation failed"
    return read_results(bench.name, report, log, trouble, time.monotonic() - began)
