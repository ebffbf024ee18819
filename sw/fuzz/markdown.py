"""A fuzzing run as a section of a document."""

from __future__ import annotations

from typing import Any

from onward.sim.document import table

__all__ = ["section"]


def section(report: dict[str, Any]) -> str:
    """The section's text.

    Parameters
    ----------
    report : what ``onward fuzz --json`` writes.
    """
    rows = [
        [
            f"`{each['name']}`",
            f"{each['inputs']:,}",
            f"{each['accepted']:,}",
            f"{len(each['refusals']):,}",
            f"{each['broken']:,}",
            f"{each['inputs'] / max(each['seconds'], 1e-9):,.0f}",
            f"{each['slowest']:.2f} s",
        ]
        for each in report["targets"]
    ]
    headings = ["parser", "inputs", "taken", "reasons to refuse", "not stood", "inputs a second", "slowest"]
    rate = report["inputs"] / max(report["seconds"], 1e-9)
    lines = [
        "## Hostile input",
        "",
        f"`onward fuzz --seed {report['seed']}`: {report['inputs']:,} inputs in {report['seconds']:,.0f} s,",
        f"{rate:,.0f} a second, {report['wrong']} failures. Rates of single parsers are of processor time.",
        "",
        *table(headings, rows),
    ]
    if board := report.get("device"):
        statuses = ", ".join(f"{count:,} {status}" for status, count in sorted(board["statuses"].items()))
        lines += [
            "",
            f"Simulated board `{board['preset']}`: {board['frames']:,} hostile frames in {board['cycles']:,} cycles,",
            f"{board['seconds']:,.0f} s; all weights read back {board['readings']:,} times, and unchanged. Replies:",
            f"{statuses}.",
            "",
            f"{board['programs']:,} hostile programs, {board['ended']:,} of which came to an end;"
            f" {board['trainings']:,} trainings",
            "afterwards, equal to the golden model's in every result and weight.",
        ]
    return "\n".join(lines) + "\n"
