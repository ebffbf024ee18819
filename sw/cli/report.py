"""What commands leave behind: JSON files, tables."""

from __future__ import annotations

import json
import os
from collections.abc import Iterable
from pathlib import Path
from typing import Any

from rich.console import Console
from rich.table import Table
from rich.text import Text

from onward.sw.driver.files import write_file

__all__ = ["RunError", "check_folder", "check_new", "check_target", "print_table", "write_json"]


class RunError(ValueError):
    """A run folder or report file cannot be used."""


def check_target(path: Path | None) -> None:
    """Raise RunError unless a report can be written to ``path`` later: better now than after the work is done."""
    if path is not None and path.is_dir():
        raise RunError(f"{path}: is a folder, not a file to write")
    if path is not None and not path.absolute().parent.is_dir():
        raise RunError(f"{path}: its folder does not exist")
    if path is not None:
        check_folder(path.absolute().parent)


def write_json(path: Path | None, report: dict[str, Any]) -> None:
    """Write a report; it appears complete, by a rename. Does nothing without a path."""
    if path is not None:
        write_file(path, (json.dumps(report, indent=2) + "\n").encode())


def check_new(path: Path) -> None:
    """Raise RunError if ``path`` exists, or cannot be made."""
    if path.exists():
        raise RunError(f"{path}: exists already, and is not overwritten")
    check_folder(path)


def check_folder(path: Path) -> None:
    """Raise RunError unless ``path`` is a folder to write in, or can become one."""
    nearest = next(each for each in (path.absolute(), *path.absolute().parents) if each.exists())
    if not nearest.is_dir() or not os.access(nearest, os.W_OK):
        raise RunError(f"{path}: {nearest} is no folder to write in")


def print_table(title: str, rows: Iterable[tuple[str, str]]) -> None:
    """Print names and values."""
    # As text: brackets in a file's name are no markup.
    table = Table(title=Text(title), show_header=False, title_justify="left")
    table.add_column(style="bold")
    table.add_column(justify="right")
    for name, value in rows:
        table.add_row(Text(name), Text(value))
    Console().print(table)
