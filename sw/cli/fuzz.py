"""``onward fuzz``."""

from __future__ import annotations

import time
from dataclasses import asdict
from pathlib import Path
from typing import Annotated, Any

import typer

from onward.hw.spec.config import ConfigError
from onward.hw.spec.presets import load_preset

from .options import JsonFile, Markdown
from .report import check_folder, check_target, print_table, write_json

__all__ = ["fuzz"]

_DEVICE = "device"
_FRAMES_A_PROGRAM = 100


def fuzz(
    inputs: Annotated[int, typer.Option(metavar="N", min=1, help="For all of the host's parsers together.")] = 10**6,
    frames: Annotated[
        int, typer.Option(metavar="N", min=1, help="For the simulated board, with a hostile program for each hundred.")
    ] = 100_000,
    target: Annotated[
        list[str] | None,
        typer.Option(metavar="NAME", help="Only this parser, or device for the board; may be repeated."),
    ] = None,
    preset: Annotated[str, typer.Option(metavar="P", help="The board's preset, or the path of a .toml file.")] = "tiny",
    seed: Annotated[int, typer.Option(metavar="S", min=0, help="Decides all inputs.")] = 1,
    jobs: Annotated[int, typer.Option(min=1, help="Processes that parse at a time.")] = 2,
    keep: Annotated[
        Path | None, typer.Option(metavar="DIR", help="Write inputs there that a parser has not stood.")
    ] = None,
    markdown: Markdown = None,
    json: JsonFile = None,
) -> None:
    """Feed hostile inputs to the host's parsers, and hostile frames and programs to a simulated board.

    Exit code 1 if anything crashes, takes long, changes a file or weight, or is refused in more than one plain line.
    """
    from onward.sim.document import update_section
    from onward.sw.cli.progress import progress_bar
    from onward.sw.fuzz.device import fuzz_device
    from onward.sw.fuzz.engine import fuzz as run
    from onward.sw.fuzz.engine import share_of
    from onward.sw.fuzz.markdown import section
    from onward.sw.fuzz.targets import TARGETS

    for file in (json, markdown):
        check_target(file)
    if keep is not None:
        check_folder(keep)
    for name in target or ():
        if name not in (*TARGETS, _DEVICE):
            raise ConfigError(f"unknown target {name!r}: use one of {', '.join((*TARGETS, _DEVICE))}")
    names = list(dict.fromkeys(target or (*TARGETS, _DEVICE)))
    config = load_preset(preset)
    parsers = [TARGETS[name]() for name in names if name != _DEVICE]
    whole = sum(parser.share for parser in parsers)
    began = time.monotonic()
    reports, rows, wrong = [], [], list[str]()
    for parser in parsers:
        count = share_of(parser, inputs * 1000 // whole)
        with progress_bar(parser.name, count) as advance:
            found = run(parser, count, seed, jobs, advance)
        reports.append(found)
        rate = found.inputs / max(found.seconds, 1e-9)
        rows.append(
            (
                parser.name,
                f"{found.inputs:,} inputs, {found.accepted:,} taken, {len(found.refusals)} reasons to refuse,"
                f" {found.broken} not stood; {rate:,.0f} a second of processor time",
            )
        )
        for crash in found.crashes:
            wrong.append(f"{parser.name}, seed {seed}, input {crash.number}: {crash.what}")
            if keep is not None:
                keep.mkdir(parents=True, exist_ok=True)
                (keep / f"{parser.name}-{seed}-{crash.number}").write_bytes(parser.make(seed, crash.number))
    seconds = time.monotonic() - began
    total = sum(found.inputs for found in reports)
    if reports:
        rows.append(("all parsers", f"{total:,} inputs in {seconds:,.0f} s, {total / seconds:,.0f} a second"))
    report: dict[str, Any] = {"seed": seed, "inputs": total, "seconds": round(seconds, 1)}
    report["targets"] = [asdict(found) for found in reports]
    if _DEVICE in names:
        programs = -(-frames // _FRAMES_A_PROGRAM)
        with progress_bar("frames and programs", frames + programs) as advance:
            board = fuzz_device(config, frames, programs, seed, advance)
        report["device"] = asdict(board) | {"preset": config.name}
        rows += _board_rows(config.name, asdict(board))
        wrong += [f"device, seed {seed}: {what}" for what in board.crashes]
    report["wrong"] = len(wrong)
    write_json(json, report)
    if markdown:
        update_section(markdown, "fuzz", section(report))
    print_table("hostile inputs", rows)
    for line in wrong:
        typer.echo(line)
    typer.echo(f"{len(wrong)} failures")
    if wrong:
        raise typer.Exit(1)


def _board_rows(name: str, board: dict[str, Any]) -> list[tuple[str, str]]:
    statuses = ", ".join(f"{count:,} {status}" for status, count in sorted(board["statuses"].items()))
    rate = board["frames"] / max(board["seconds"], 1e-9)
    return [
        (
            f"board {name}",
            f"{board['frames']:,} frames, all weights read back {board['readings']:,} times and unchanged;"
            f" {board['cycles']:,} cycles in {board['seconds']:,.0f} s, {rate:,.0f} frames a second",
        ),
        ("its replies", statuses),
        (
            "its programs",
            f"{board['programs']:,} hostile ones, {board['ended']:,} of them came to an end;"
            f" {board['trainings']:,} trainings afterwards, equal to the golden model's",
        ),
    ]
