"""Reads TOML that people have written."""

from __future__ import annotations

import tomllib
from pathlib import Path
from typing import Any

__all__ = ["read_toml"]


def read_toml(path: Path) -> dict[str, Any]:
    """The values of the file at ``path``.

    Raises
    ------
    OSError
        If it cannot be read.
    ValueError
        If it is no TOML, is not UTF-8, has a number of thousands of digits, or nests deeper than its reader can follow.
    """
    try:
        return tomllib.loads(path.read_text(encoding="utf-8"))
    except RecursionError:
        raise ValueError("brackets inside of each other, deeper than any preset or study needs") from None
