"""What a build has come to: figures for people and for programs."""

from __future__ import annotations

import hashlib
import statistics
from dataclasses import asdict
from typing import Any

from onward.hw.spec.config import CoreConfig

from .board import Board
from .flow import Built

__all__ = ["build_report", "report_rows"]


def build_report(board: Board, config: CoreConfig, built: Built, cycles: float, seconds: float) -> dict[str, Any]:
    """The content of ``report.json``.

    Parameters
    ----------
    board, config, built : what was built.
    cycles : of a training sample.
    seconds : of the whole build.
    """
    clock = float(board.clocking(config.clock_mhz).clock_mhz)
    fmax = sorted(each.fmax_mhz for each in built.routed)
    best = built.best
    resources = {name: {"used": best.used[name], "available": best.available[name]} for name in best.used}
    return {
        "board": board.name,
        "part": board.part,
        "preset": config.name,
        "digest": config.digest,
        "bitstream": built.bitstream.name,
        "bitstream_sha256": hashlib.sha256(built.bitstream.read_bytes()).hexdigest(),
        "netlist_sha256": built.netlist_sha256,
        "fmax_mhz": {
            "min": round(fmax[0], 2),
            "median": round(statistics.median(fmax), 2),
            "max": round(fmax[-1], 2),
        },
        "clock_mhz": clock,
        "timing_met": best.met,
        "missed_mhz": best.missed,
        **resources,
        "build_s": round(seconds, 1),
        "samples_per_s": round(clock * 1e6 / cycles),
        "cycles_per_sample": round(cycles),
        "cycles_are": "estimated",
        "baud": config.baud,
        "seed": best.seed,
        "critical_path": best.critical,
        "seeds": [asdict(each) for each in built.routed],
        "seeds_stopped": built.stopped,
        "steps_s": {name: round(value, 1) for name, value in built.seconds.items()},
        "tools": built.tools,
    }


def report_rows(report: dict[str, Any]) -> list[tuple[str, str]]:
    """Names and values of a report, as a table shows them."""
    fmax = report["fmax_mhz"]
    seeds = len(report["seeds"])
    rows = [
        ("bitstream", report["bitstream"]),
        (
            "fmax_mhz",
            f"{fmax['max']:.1f}" if seeds == 1 else "min {min:.1f}, median {median:.1f}, max {max:.1f}".format(**fmax),
        ),
        ("clock_mhz", f"{report['clock_mhz']:g}"),
        ("timing_met", "yes" if report["timing_met"] else "no"),
    ]
    for name in ("lut", "ff", "bram", "dsp", "spram"):
        if name in report and report[name]["available"]:
            used, available = report[name]["used"], report[name]["available"]
            rows.append((name, f"{used:,} of {available:,} ({100 * used / available:.0f} %)"))
    path = report["critical_path"]
    if path:
        rows.append(("longest path", f"{path['logic_ns']} ns logic, {path['wires_ns']} ns wires"))
    if report["seeds_stopped"]:
        rows.append(("not routed in time", f"seeds {', '.join(map(str, report['seeds_stopped']))}"))
    rows.append(("build_s", f"{report['build_s']:,.0f}"))
    rows.append(
        ("samples_per_s", f"{report['samples_per_s']:,} ({report['cycles_are']}: {report['cycles_per_sample']} cycles)")
    )
    return rows
