"""``onward build``."""

from __future__ import annotations

import dataclasses
import shutil
import time
from collections.abc import Callable
from json import dumps as encode
from pathlib import Path
from typing import Annotated

import typer
from rich.console import Console

from onward.hw.spec.config import ConfigError, CoreConfig
from onward.hw.spec.presets import load_preset

from .options import JsonFile
from .report import check_new, check_target, print_table, write_json

__all__ = ["build"]

_WORK = "work"


def build(
    board: Annotated[str, typer.Option(metavar="B", help="The board, as ulx3s-85f or icebreaker.")],
    out: Annotated[Path, typer.Option(metavar="DIR", help="A new folder for the bitstream and its report.")],
    preset: Annotated[
        str | None, typer.Option(metavar="P", help="Another preset than the board's own, or the path of a .toml file.")
    ] = None,
    seeds: Annotated[int, typer.Option(metavar="N", min=1, help="Placements to try; the best one is taken.")] = 1,
    first_seed: Annotated[int, typer.Option(metavar="S", min=0, help="Seed of the first placement.")] = 1,
    jobs: Annotated[
        int, typer.Option(metavar="N", min=1, help="Placements at a time; each wants a core, and up to 3 GB.")
    ] = 1,
    limit: Annotated[
        float, typer.Option(metavar="MINUTES", min=0, help="A placement that takes longer does not count.")
    ] = 120,
    clock: Annotated[
        float | None, typer.Option(metavar="MHZ", min=1, help="Another clock than the preset's; the host must know.")
    ] = None,
    prepare: Annotated[
        bool, typer.Option("--prepare", help="Only write what the tools read: netlist, constraints, scripts.")
    ] = False,
    allow_timing_failure: Annotated[
        bool, typer.Option("--allow-timing-failure", help="Leave a bitstream that may not work at its clock.")
    ] = False,
    synth_opts: Annotated[str | None, typer.Option(metavar="OPTIONS", help="Other options for synthesis.")] = None,
    nextpnr_opts: Annotated[str | None, typer.Option(metavar="OPTIONS", help="More options for nextpnr.")] = None,
    json: JsonFile = None,
) -> None:
    """Build a bitstream: exit code 1 if it misses its timing, unless that is allowed.

    DIR gets the bitstream, report.json, preset.toml for the host, and a folder work with everything on the way.
    """
    from onward.hw.boards.build_report import build_report, report_rows
    from onward.hw.boards.catalogue import find_board
    from onward.hw.boards.flow import build as build_bitstream
    from onward.hw.boards.prepare import prepare as write_inputs
    from onward.sw.driver.files import write_file
    from onward.sw.driver.rules import find_rule
    from onward.sw.programs.timing import estimate

    check_target(json)
    check_new(out)
    target = find_board(board)
    config = load_preset(preset or target.preset)
    if clock is not None:
        config = dataclasses.replace(config, clock_mhz=clock)
    if not target.family.buildable and not prepare:
        raise ConfigError(f"{target.title} needs the tools of its vendor: use --prepare, and run what it writes there")
    options = {name: value for name, value in (("synth_opts", synth_opts), ("nextpnr_opts", nextpnr_opts)) if value}
    actual = float(target.clocking(config.clock_mhz).clock_mhz)
    if abs(actual - config.clock_mhz) > 1e-6:
        typer.echo(f"the clock will be {actual:g} MHz: the PLL cannot make {config.clock_mhz:g}")

    work = out / _WORK
    work.mkdir(parents=True)
    began = time.monotonic()
    steps = 2 if prepare else seeds + 3
    with _Steps(steps, began) as announce:
        if prepare:
            announce(f"elaborating {config.name} for {target.title}")
            write_inputs(target, config, work, options)
        else:
            tried = range(first_seed, first_seed + seeds)
            built = build_bitstream(target, config, work, tried, announce, options, jobs, 60 * limit)
    write_file(out / "preset.toml", _toml(config).encode())
    if prepare:
        typer.echo(f"{work}: {', '.join(sorted(path.name for path in work.iterdir()))}")
        write_json(json, {"board": target.name, "preset": config.name, "digest": config.digest, "folder": str(work)})
        return

    method = find_rule("ff")
    cycles = estimate(method.build(config, method.parameters), "train").cycles
    report = build_report(target, config, built, cycles, time.monotonic() - began)
    kept = report["timing_met"] or allow_timing_failure
    if kept:
        part = out / f".{built.bitstream.name}"
        shutil.copy(built.bitstream, part)
        part.replace(out / built.bitstream.name)
    write_json(out / "report.json", report)
    write_json(json, report)
    print_table(f"{target.title}, {config.name}", report_rows(report))
    if not report["timing_met"]:
        missed = "; ".join(
            f"clock {name} reaches {reached:g} of {wanted:g} MHz"
            for name, (reached, wanted) in report["missed_mhz"].items()
        )
        hint = "the bitstream may not work" if kept else "no bitstream is left (--allow-timing-failure)"
        typer.echo(f"onward: timing is not met: {missed}; {hint}", err=True)
        if not kept:
            raise typer.Exit(1)


class _Steps:
    """Tells of every step, when it begins; while it lasts, a terminal shows how long it takes."""

    def __init__(self, total: int, began: float) -> None:
        self._total = total
        self._began = began
        self._number = 0
        self._console = Console(stderr=True)
        self._status = self._console.status("")

    def __enter__(self) -> Callable[[str], Callable[[], None]]:
        if self._console.is_terminal:
            self._status.start()
        return self._announce

    def __exit__(self, *error: object) -> None:
        self._status.stop()

    def _announce(self, what: str) -> Callable[[], None]:
        self._number += 1
        step = time.monotonic()
        typer.echo(f"[{self._number}/{self._total}, {step - self._began:.0f} s] {what}")

        def beat() -> None:
            if self._console.is_terminal:
                now = time.monotonic()
                self._status.update(f"{what}: {now - step:.0f} s, {now - self._began:.0f} s in all")

        return beat


def _toml(config: CoreConfig) -> str:
    """A configuration as a file that ``--preset`` takes."""
    # TOML writes text, numbers, truth values and lists of numbers as JSON does.
    return "".join(f"{name} = {encode(value)}\n" for name, value in dataclasses.asdict(config).items())
