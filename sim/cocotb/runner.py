"""Runs the benches: Verilog of each unit, compiled by a simulator, driven by cocotb."""

from __future__ import annotations

import re
import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Literal
from xml.etree import ElementTree

from cocotb_tools.runner import get_runner

from onward.hw.spec.config import CoreConfig
from onward.hw.verilog import generate
from onward.sw.data.catalogue import cache_folder

from .benches import BENCHES, Bench
from .build import TOP, SimulatorMissing, build, simulator_tools
from .clock import RESET_NS
from .job import Job
from .netlist import generate_netlist

__all__ = ["BenchResult", "SimulatorMissing", "run"]

_LOG_LINES = 12
_ASSERTION = re.compile(
    r"^(?P<message>.*)(?:\[(?P<verilator>\d+)\] %Error: .*Assertion failed|ERROR: .*\n\s*Time: (?P<icarus>\d+))", re.M
)


@dataclass(frozen=True)
class BenchResult:
    """One test of one bench.

    Members
    -------
    name : ``bench.test``; ``bench.simulation`` if the simulation itself failed.
    passed : whether everything was equal to the model.
    seconds : that it ran, without what came before.
    message : for a failure, what was wrong and where the log is.
    """

    name: str
    passed: bool
    seconds: float
    message: str = ""


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
    with simulator_tools(simulator):
        for number, bench in enumerate(chosen, 1):
            progress(f"{bench.name} ({number} of {len(chosen)}) on {preset.name}, {simulator}, seed {seed}")
            for result in _run_bench(bench, job, simulator, folder / bench.name, waves):
                progress(f"{result.name}: {'passed' if result.passed else 'FAILED'} in {result.seconds:.1f} s")
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
    return _results(bench, report, log, trouble, time.monotonic() - began)


def _results(bench: Bench, report: Path, log: Path, trouble: str, seconds: float) -> list[BenchResult]:
    """What the report says, and what only the simulator has seen."""
    results = []
    if report.is_file():
        for case in ElementTree.parse(report).getroot().iter("testcase"):
            failure = next((child for child in case if child.tag in ("failure", "error")), None)
            message = f"{failure.get('message', 'failed')}; log: {log}" if failure is not None else ""
            name = f"{bench.name}.{case.get('name')}"
            results.append(BenchResult(name, failure is None, float(case.get("time", 0)), message))
    text = log.read_text(encoding="utf-8", errors="replace") if log.exists() else ""
    broken = _assertion(text)
    if broken:
        results.append(BenchResult(f"{bench.name}.simulation", False, seconds, f"{broken}; log: {log}"))
    elif not results or (trouble and all(result.passed for result in results)):
        last = "\n".join(text.splitlines()[-_LOG_LINES:])
        message = f"{trouble or 'no test was found'}; log: {log}\n{last}"
        results.append(BenchResult(f"{bench.name}.simulation", False, seconds, message))
    return results


def _assertion(text: str) -> str:
    """The message of the first assertion of the gateware that failed, if any: not all simulators stop at one.

    What happens before the end of the reset does not count, since nothing is defined yet.
    """
    for match in _ASSERTION.finditer(text):
        if int(match["verilator"] or match["icarus"]) > RESET_NS * 1000:
            return f"assertion failed: {match['message'].strip() or 'without a message'}"
    return ""
