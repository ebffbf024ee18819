"""The steps from a board and a configuration to a bitstream."""

from __future__ import annotations

import hashlib
import json
import re
import shlex
from collections.abc import Callable, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, field
from pathlib import Path

from onward.hw.spec.config import CoreConfig

from .board import Board
from .errors import BuildError, OutOfTime
from .floorplan import Floorplan, place_clusters
from .prepare import NAME, netlist_file, prepare
from .tools import Heartbeat, run_tool, tool_version

__all__ = [
    "Announce",
    "Built",
    "Routed",
    "build",
    "netlist_hash",
    "place_and_route",
    "read_timing",
    "run_synthesis",
    "synthesise",
]

Announce = Callable[[str], Heartbeat]
"""Called when a step begins, with what it does; what it returns is called while the step lasts."""

_COMMAND = re.compile(r'^"\$(\w+)" (.*)$', re.MULTILINE)
_ROUNDING = 0.01
_VERSION_LINE = re.compile(rb'"creator": "[^"]*"')


@dataclass(frozen=True)
class Routed:
    """One placement and routing.

    Parameters
    ----------
    seed : of the placer.
    fmax_mhz : what the core's clock can run at.
    met : every clock can run as fast as it has to.
    missed : the clocks that cannot: by name, what they reach and what they have to, in MHz.
    used, available : of each resource.
    critical : the longest path: from where to where, and what of its delay is logic and what wires, in ns.
    seconds : of the tool.
    """

    seed: int
    fmax_mhz: float
    met: bool
    used: dict[str, int]
    available: dict[str, int]
    critical: dict[str, str | float]
    seconds: float
    missed: dict[str, tuple[float, float]] = field(default_factory=dict)


@dataclass(frozen=True)
class Built:
    """A bitstream, and how it came about; ``stopped`` are the seeds that took longer than they may."""

    bitstream: Path
    netlist_sha256: str
    routed: list[Routed]
    best: Routed
    seconds: dict[str, float]
    tools: list[str] = field(default_factory=list)
    stopped: list[int] = field(default_factory=list)


def build(
    board: Board,
    config: CoreConfig,
    folder: Path,
    seeds: Sequence[int],
    announce: Announce,
    options: Mapping[str, str] | None = None,
    jobs: int = 1,
    limit: float | None = None,
) -> Built:
    """Build a bitstream in ``folder``: elaboration, synthesis, a placement and routing for each seed, packing.

    ``jobs`` seeds are placed and routed at a time. One that takes more than ``limit`` seconds is stopped, as a router
    may go on for ever on a part that is nearly full; the others count. Whether the timing is met is for the caller to
    judge.

    Raises
    ------
    BuildError
        If a step fails, or every seed has been stopped.
    """
    seconds: dict[str, float] = {}
    seconds["synthesis"] = synthesise(board, config, folder, announce, options)

    def route(seed: int) -> Routed | None:
        try:
            return place_and_route(board, config, folder, seed, announce, limit)
        except OutOfTime:
            return None

    with ThreadPoolExecutor(jobs) as pool:
        outcomes = dict(zip(seeds, pool.map(route, seeds), strict=True))
    routed = [each for each in outcomes.values() if each]
    stopped = [seed for seed, each in outcomes.items() if not each]
    if not routed:
        raise BuildError(
            f"no placement was routed in {(limit or 0) / 60:g} minutes (seeds {', '.join(map(str, stopped))}): "
            "give more time (--limit), other seeds (--first-seed), or another router (--nextpnr-opts)"
        )
    best = max(routed, key=lambda each: (each.met, each.fmax_mhz))
    seconds["place and route"] = sum(each.seconds for each in routed)
    tool, arguments = _commands(folder)[2]
    bitstream = folder / f"{NAME}.{board.family.bitstream}"
    # What it reads has the name of the best seed; what it writes keeps its own.
    inputs = [
        _of_seed(each, best.seed) if (folder / _of_seed(each, best.seed)).exists() else each for each in arguments
    ]
    seconds["packing"] = run_tool(tool, inputs, folder, "pack.log", announce("packing the bitstream"))
    if not bitstream.exists():
        raise BuildError(f"{tool} has written no {bitstream.name}, see {folder / 'pack.log'}")
    tools = [tool_version(name) for name, _ in _commands(folder)[:3]]
    return Built(bitstream, netlist_hash(folder), routed, best, seconds, sorted(set(tools)), stopped)


def synthesise(
    board: Board, config: CoreConfig, folder: Path, announce: Announce, options: Mapping[str, str] | None = None
) -> float:
    """Elaborate and synthesise: the netlist is in ``folder`` then, with sites if the board has a floorplan.

    A core of one cluster needs none: there is nothing to keep apart.
    Returns the seconds of synthesis.
    """
    announce(f"elaborating {config.name} for {board.title}")
    prepare(board, config, folder, options)
    seconds = run_synthesis(folder, announce)
    netlist = netlist_file(folder)
    if board.floorplan and netlist and config.lanes > config.cluster_lanes:
        place_clusters(netlist, config, Floorplan.load(board.floorplan))
    return seconds


def run_synthesis(folder: Path, announce: Announce) -> float:
    """Synthesise what has been prepared in ``folder``; returns the seconds."""
    tool, arguments = _commands(folder)[0]
    return run_tool(tool, arguments, folder, "synthesis.log", announce("synthesis"))


def place_and_route(
    board: Board, config: CoreConfig, folder: Path, seed: int, announce: Announce, limit: float | None = None
) -> Routed:
    """Place and route the netlist in ``folder`` with a seed of the placer, in ``limit`` seconds."""
    tool, arguments = _commands(folder)[1]
    known = _known(folder)
    clock = float(board.clocking(config.clock_mhz).clock_mhz)
    report = f"{NAME}-seed{seed}.report.json"
    arguments = [each if each in known else _of_seed(each, seed) for each in arguments]
    arguments += ["--seed", str(seed), "--report", report, "--timing-allow-fail"]
    beat = announce(f"place and route, seed {seed}")
    seconds = run_tool(tool, arguments, folder, f"route-seed{seed}.log", beat, limit)
    return _read_report(json.loads((folder / report).read_text(encoding="utf-8")), board, clock, seed, seconds)


def netlist_hash(folder: Path) -> str:
    """SHA-256 of the synthesised netlist; the same inputs give the same on every machine."""
    path = netlist_file(folder)
    if path is None:
        raise BuildError(f"{folder}: synthesis has left no netlist")
    return hashlib.sha256(_VERSION_LINE.sub(b"", path.read_bytes())).hexdigest()


def _commands(folder: Path) -> list[tuple[str, list[str]]]:
    """Tools and their arguments: synthesis, place and route, packing."""
    script = (folder / f"build_{NAME}.sh").read_text(encoding="utf-8")
    commands = [(tool, shlex.split(rest)) for tool, rest in _COMMAND.findall(script)]
    return [(tool, _himbaechel(rest) if tool == "NEXTPNR_GOWIN" else rest) for tool, rest in commands]


def _himbaechel(arguments: Sequence[str]) -> list[str]:
    """Arguments of the older nextpnr-gowin, which Amaranth calls, for its successor."""
    translated = []
    for option, value in zip(arguments[-12::2], arguments[-11::2], strict=True):
        if option in ("--family", "--cst"):
            translated += ["--vopt", f"{option[2:]}={value}"]
        else:
            translated += [option, value]
    return [*arguments[:-12], *translated]


def _known(folder: Path) -> set[str]:
    """Files that exist, so that a command which names them reads them."""
    return {path.name for path in folder.iterdir()}


def _of_seed(name: str, seed: int) -> str:
    """The name that a file has for a seed."""
    return re.sub(rf"^{NAME}\.", f"{NAME}-seed{seed}.", name)


def read_timing(report: dict, clock_mhz: float) -> tuple[float, dict[str, tuple[float, float]]]:
    """What nextpnr's report says of the clocks.

    The core's clocks are those that nextpnr constrains to ``clock_mhz``, within 1 %: it works with whole picoseconds,
    so that its constraint behind a PLL is up to a thousandth off. They are judged by ``clock_mhz`` itself, which is
    what the silicon will run at, any other clock by its constraint.

    Returns
    -------
    MHz that the core's clocks reach, and for each clock that misses: what it reaches and what it has to, in MHz.

    Raises
    ------
    BuildError
        If no clock was constrained to ``clock_mhz``.
    """
    own, missed = [], {}
    for name, each in report["fmax"].items():
        achieved, wanted = each["achieved"], each["constraint"]
        if abs(wanted / clock_mhz - 1) < _ROUNDING:
            own.append(achieved)
            wanted = clock_mhz
        if achieved < wanted:
            missed[name] = (round(achieved, 2), round(wanted, 2))
    if not own:
        raise BuildError(f"no clock was constrained to {clock_mhz:g} MHz: {', '.join(report['fmax']) or 'none at all'}")
    return min(own), missed


def _read_report(report: dict, board: Board, clock_mhz: float, seed: int, seconds: float) -> Routed:
    """What nextpnr says about timing and area."""
    fmax, missed = read_timing(report, clock_mhz)
    used, available = {}, {}
    for name, parts in board.family.resources.items():
        figures = [report["utilization"][part] for part in parts if part in report["utilization"]]
        used[name] = sum(each["used"] for each in figures)
        available[name] = sum(each["available"] for each in figures)
    return Routed(seed, fmax, not missed, used, available, _critical(report), seconds, missed)


def _critical(report: dict) -> dict[str, str | float]:
    """The longest path from a clock edge to the next of the same clock."""
    inner = [path for path in report.get("critical_paths", []) if path["from"] == path["to"]]
    paths = [path["path"] for path in inner if path["path"]]
    if not paths:
        return {}
    longest = max(paths, key=lambda path: sum(step["delay"] for step in path))
    sums = dict.fromkeys(("logic", "routing"), 0.0)
    for step in longest:
        sums["routing" if step["type"] == "routing" else "logic"] += step["delay"]
    first, last = longest[0]["from"], longest[-1]["to"]
    return {
        "from": str(first.get("cell")),
        "to": str(last.get("cell")),
        "logic_ns": round(sums["logic"], 2),
        "wires_ns": round(sums["routing"], 2),
    }
