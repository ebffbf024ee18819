"""``onward program``."""

from __future__ import annotations

import json as json_module
from pathlib import Path
from typing import Annotated

import typer

from onward.hw.spec.config import ConfigError

from .options import JsonFile
from .report import check_target, write_json

__all__ = ["program"]


def program(
    folder: Annotated[Path, typer.Argument(metavar="DIR", help="A folder that onward build has made.")],
    board: Annotated[str, typer.Option(metavar="B", help="The board that is connected.")],
    flash: Annotated[bool, typer.Option("--flash", help="For good, not only until power goes.")] = False,
    json: JsonFile = None,
) -> None:
    """Put a bitstream on a board."""
    from onward.hw.boards.catalogue import find_board
    from onward.hw.boards.program import program as load_bitstream

    check_target(json)
    target = find_board(board)
    report_file = folder / "report.json"
    if not report_file.is_file():
        raise ConfigError(f"{folder}: has no report.json; make it with onward build --board {board} --out {folder}")
    try:
        report = json_module.loads(report_file.read_text(encoding="utf-8"))
        built_for, bitstream = str(report["board"]), folder / str(report["bitstream"])
    except (ValueError, KeyError, TypeError):
        raise ConfigError(f"{report_file}: is no report of onward build") from None
    if built_for != target.name:
        raise ConfigError(f"{folder}: was built for {built_for}, not for {target.name}")
    if not bitstream.is_file():
        raise ConfigError(f"{bitstream}: is missing; the build has missed its timing, or the file was removed")
    load_bitstream(target, bitstream, flash)
    typer.echo(f"{target.title} has {bitstream}")
    write_json(json, {"board": target.name, "bitstream": str(bitstream), "flash": flash})
