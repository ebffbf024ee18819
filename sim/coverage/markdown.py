"""Coverage as a section of a document."""

from __future__ import annotations

from typing import Any

from onward.sim.document import table

__all__ = ["section"]

_SHOWN = 30
"""Lines that were never run and are listed; all are in the JSON file."""


def section(report: dict[str, Any]) -> str:
    """The section's text.

    Parameters
    ----------
    report : what ``onward coverage --json`` writes.
    """
    bins, modules = report["bins"], report["modules"]
    met = sum(count > 0 for count in bins.values())
    command = " ".join(["onward coverage", *(f"--preset {name}" for name in report["presets"])])
    rows = [
        [f"`{each['module']}`", *_shares(each["lines_hit"], each["lines"], each["toggles_hit"], each["toggles"])]
        for each in modules
    ]
    totals = [sum(each[name] for each in modules) for name in ("lines_hit", "lines", "toggles_hit", "toggles")]
    lines = [
        "## Coverage",
        "",
        f"Of the generated Verilog under all cocotb benches on Verilator: `{command} --seed {report['seed']}`,",
        f"{report['seconds']:,.0f} s. A line is a branch of the Verilog; a toggle is a bit of a named signal that has",
        "risen, or fallen. Bits that never change are mostly those of addresses and numbers that the preset is too",
        "small for.",
        "",
        *table(["module", "lines", "", "toggles", ""], [*rows, ["all", *_shares(*totals)]]),
        "",
        f"Situations met: {met:,} of {len(bins):,}. How often:",
        "",
        *table(["situation", "met"], [[name, f"{count:,}"] for name, count in bins.items()]),
    ]
    missed = [line for each in modules for line in each["missed_lines"]]
    if missed:
        lines += [
            "",
            f"Lines that were never run{'' if len(missed) <= _SHOWN else f', {_SHOWN} of {len(missed)}'}:",
            "",
        ]
        lines += [f"- `{line}`" for line in missed[:_SHOWN]]
    return "\n".join(lines) + "\n"


def _shares(lines_hit: int, lines: int, toggles_hit: int, toggles: int) -> list[str]:
    return [*_share(lines_hit, lines), *_share(toggles_hit, toggles)]


def _share(hit: int, count: int) -> list[str]:
    return [f"{hit:,} of {count:,}", f"{100 * hit / count:.1f} %" if count else ""]
