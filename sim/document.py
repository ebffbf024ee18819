"""Sections of a document that commands write, between lines that people write."""

from __future__ import annotations

from pathlib import Path

from onward.sw.driver.files import write_file

__all__ = ["table", "update_section"]


def table(headings: list[str], rows: list[list[str]]) -> list[str]:
    """Lines of a table."""
    return [_row(headings), _row(["---"] * len(headings)), *map(_row, rows)]


def update_section(path: Path, command: str, text: str) -> None:
    """Put what ``onward COMMAND --markdown`` has found into a document; nothing else of it changes.

    It takes the place of what the same command has written earlier, or stands at the end.
    """
    begin = f"<!-- written by `onward {command} --markdown` -->\n"
    end = f"<!-- end of `onward {command}` -->\n"
    before = path.read_text(encoding="utf-8") if path.exists() else "# Verification\n"
    head, found, rest = before.partition(begin)
    tail = rest.partition(end)[2] if found else ""
    separator = "" if found else "\n"
    write_file(path, f"{head}{separator}{begin}{text}{end}{tail}".encode())


def _row(cells: list[str]) -> str:
    return f"| {' | '.join(cells)} |"
