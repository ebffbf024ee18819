"""Trainings that things happened to, as a section of a document."""

from __future__ import annotations

from typing import Any

from onward.sim.document import table

__all__ = ["section"]


def section(report: dict[str, Any]) -> str:
    """The section's text.

    Parameters
    ----------
    report : what ``onward soak --json`` writes.
    """
    line, rows = report["line"], []
    faults = ", ".join(f"{count} {kind}" for kind, count in sorted(line["faults"].items()))
    what = f"{line['frames']:,} frames of {line['samples']:,} FF samples over a UART: {faults}"
    rows.append([what, line["clean"][:16], line["found"][:16], _yes(line["passed"])])
    if resets := report.get("resets"):
        what = f"{resets['samples']:,} FF samples, the board reset {resets['resets']} times"
        rows.append([what, resets["clean"][:16], resets["found"][:16], _yes(resets["passed"])])
    if kills := report.get("kills"):
        what = f"the training process killed {kills['kills']} times by SIGKILL, and resumed {kills['resumed']} times"
        found = ", ".join(sorted({each[:16] for each in kills["found"]})) or "none"
        rows.append([what, kills["clean"][:16], found, _yes(kills["passed"])])
    lines = [
        "## Trainings that come through",
        "",
        f"`onward soak --preset {report['preset']} --seed {report['seed']}`, {report['seconds']:,.0f} s. "
        "Weights are compared by their sha256.",
        "",
        *table(["what happened", "weights without it", "weights with it", "equal"], rows),
    ]
    return "\n".join(lines) + "\n"


def _yes(passed: bool) -> str:
    return "yes" if passed else "**no**"
