"""What has become of a simulation: the report of cocotb, and the log of the simulator."""

from __future__ import annotations

import re
from dataclasses import dataclass
from pathlib import Path
from xml.etree import ElementTree

from .clock import RESET_NS

__all__ = ["BenchResult", "failed_assertion", "read_results"]

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


def read_results(bench: str, report: Path, log: Path, trouble: str, seconds: float) -> list[BenchResult]:
    """What the report says, and what only the simulator has seen.

    Parameters
    ----------
    bench : its name. report, log : of its simulation; either may be missing.
    trouble : what the runner has said about the simulation, if anything.
    seconds : that it took.
    """
    results = []
    if report.is_file():
        for case in ElementTree.parse(report).getroot().iter("testcase"):
            failure = next((child for child in case if child.tag in ("failure", "error")), None)
            message = f"{failure.get('message', 'failed')}; log: {log}" if failure is not None else ""
            name = f"{bench}.{case.get('name')}"
            results.append(BenchResult(name, failure is None, float(case.get("time", 0)), message))
    text = log.read_text(encoding="utf-8", errors="replace") if log.exists() else ""
    broken = failed_assertion(text)
    if broken:
        results.append(BenchResult(f"{bench}.simulation", False, seconds, f"{broken}; log: {log}"))
    elif not results or (trouble and all(result.passed for result in results)):
        last = "\n".join(text.splitlines()[-_LOG_LINES:])
        message = f"{trouble or 'no test was found'}; log: {log}\n{last}"
        results.append(BenchResult(f"{bench}.simulation", False, seconds, message))
    return results


def failed_assertion(text: str) -> str:
    """The message of the first assertion of the gateware that failed, if any: not all simulators stop at one.

    What happens before the end of the reset does not count, since nothing is defined yet.
    """
    for match in _ASSERTION.finditer(text):
        if int(match["verilator"] or match["icarus"]) > RESET_NS * 1000:
            return f"assertion failed: {match['message'].strip() or 'without a message'}"
    return ""
