"""Mutates modules of the core, and has their benches judge the mutants."""

from __future__ import annotations

import contextlib
import json
import threading
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, replace
from pathlib import Path

from cocotb_tools.runner import get_runner

from onward.hw.spec.config import CoreConfig
from onward.sim.cocotb.benches import BENCHES
from onward.sim.cocotb.build import TOP, build
from onward.sim.cocotb.job import Job
from onward.sim.cocotb.tools import simulator_tools

from .design import Mutant, MutatedDesign
from .modules import CHANGES, MODULES
from .record import Record
from .trials import Trials

__all__ = ["CampaignError", "Verdict", "run_campaign"]

_POLL_S = 0.5
# A copy of a process has none of its threads.
_ENVIRONMENT = {"COCOTB_ANSI_OUTPUT": "0", "OMP_NUM_THREADS": "1"}
_LOG_LINES = 8


class CampaignError(RuntimeError):
    """A bench has not judged its mutants; the message says where the log is."""


@dataclass(frozen=True)
class Verdict:
    """What has become of a mutant.

    Members
    -------
    mutant : which.
    bench : the last that had it.
    caught : the first thing that was wrong; empty for a survivor.
    seconds : until then.
    design : what it was made in, for proofs.
    """

    mutant: Mutant
    bench: str
    caught: str
    seconds: float
    design: MutatedDesign


def run_campaign(
    config: CoreConfig,
    modules: Sequence[str],
    count: int,
    folder: Path,
    progress: Callable[[int, str], None] = lambda done, note: None,
    *,
    mutation_seed: int = 1,
    seed: int = 1,
    effort: float = 1.0,
    jobs: int = 1,
    fresh: bool = False,
) -> list[Verdict]:
    """Run ``count`` mutants of each module; returns a verdict for each, in the order of modules and mutants.

    All modules that the same benches judge are mutated in one netlist, of which one simulation is compiled.

    Parameters
    ----------
    config : the core, but for :data:`CHANGES`.
    modules : names of files in ``hw/core``, keys of :data:`MODULES`.
    folder : takes netlists and logs.
    progress : called with how many mutants are done, and what goes on.
    mutation_seed, seed : decide the mutants; the benches' random choices.
    effort : scales how much random stimulus the benches apply.
    jobs : mutants that are simulated at a time.
    fresh : judge anew what earlier campaigns in the same folder have judged.

    Raises
    ------
    CampaignError
        If a simulation fails on the unit as it is, or ends early.
    YosysError, SimulatorMissing, BuildError
        If a tool is missing or fails.
    """
    folder = folder.absolute()
    verdicts: list[Verdict] = []
    with simulator_tools("verilator"):
        for benches in dict.fromkeys(MODULES[module] for module in modules):
            chosen = [module for module in modules if MODULES[module] == benches]
            place = folder / "-".join(benches)
            place.mkdir(parents=True, exist_ok=True)
            if fresh:
                for known in place.glob("equivalent-*"):
                    known.unlink()
            progress(len(verdicts), f"{benches[0]}: mutating {', '.join(chosen)}")
            own = replace(config, **CHANGES.get(benches[0], {}))
            component = BENCHES[benches[0]].component(own)
            design = MutatedDesign(component, TOP, place, dict.fromkeys(chosen, count), mutation_seed)
            found: dict[int, Verdict] = {}
            for bench in benches:
                caught = {number for number, verdict in found.items() if verdict.caught}
                open_ = [mutant for mutant in design.mutants if mutant.number not in caught]
                progress(len(verdicts) + len(design.mutants) - len(open_), f"{bench}: compiling")
                job = Job(own, seed, effort)
                for verdict in _judge(design, bench, open_, job, place, jobs, fresh):
                    found[verdict.mutant.number] = verdict
                    count_caught = sum(bool(each.caught) for each in found.values())
                    progress(len(verdicts) + count_caught, f"{bench}: {len(found) - count_caught} not caught")
            verdicts += [found[mutant.number] for mutant in design.mutants]
    return sorted(verdicts, key=lambda verdict: (modules.index(verdict.mutant.module), verdict.mutant.number))


def _judge(
    design: MutatedDesign, bench: str, mutants: list[Mutant], job: Job, folder: Path, jobs: int, fresh: bool
) -> Iterator[Verdict]:
    """Simulate, and yield verdicts as they come; those of earlier campaigns come first."""
    verilog = design.verilog()
    record = Record(folder, bench, verilog, job, fresh)
    for mutant in mutants:
        if outcome := record.outcomes.get(mutant.number):
            yield Verdict(mutant, bench, outcome["caught"], outcome["seconds"], design)
    mutants = [mutant for mutant in mutants if mutant.number not in record.outcomes]
    if not mutants:
        return
    runner = get_runner("verilator")
    built = build(runner, verilog, "verilator", folder, waves=False)
    outcomes, log = folder / f"{bench}.jsonl", folder / f"{bench}.log"
    outcomes.write_text("")
    trials = Trials(BENCHES[bench].tests, tuple(mutant.number for mutant in mutants), str(outcomes), jobs)

    def simulate() -> None:
        # How it ends is in the log; that it ends early shows in the number of outcomes.
        with contextlib.suppress(SystemExit, RuntimeError):
            runner.test(
                test_module="onward.sim.mutation.trials",
                hdl_toplevel=TOP,
                hdl_toplevel_lang="verilog",
                build_dir=built,
                test_dir=folder,
                seed=job.seed,
                extra_env=job.environment() | trials.environment() | _ENVIRONMENT,
                results_xml=str(folder / f"{bench}.xml"),
                log_file=log,
            )

    thread = threading.Thread(target=simulate, daemon=True)
    thread.start()
    numbered = {mutant.number: mutant for mutant in mutants}
    with outcomes.open(encoding="utf-8") as file:
        line = ""
        while True:
            running = thread.is_alive()
            while piece := file.readline():
                line += piece
                if line.endswith("\n"):
                    outcome = json.loads(line)
                    line = ""
                    mutant = numbered.pop(outcome["number"])
                    record.add(outcome)
                    yield Verdict(mutant, bench, outcome["caught"], outcome["seconds"], design)
            if not running:
                break
            thread.join(_POLL_S)
    if numbered:
        last = "\n".join(log.read_text(errors="replace").splitlines()[-_LOG_LINES:]) if log.exists() else ""
        raise CampaignError(f"{bench} has not judged {len(numbered)} mutants; log: {log}\n{last}")
