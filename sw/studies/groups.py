"""Rows of results, averaged over seeds."""

from __future__ import annotations

import math
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np

__all__ = ["Group", "cell_text", "group_rows", "mixed"]

Row = Mapping[str, Any]


@dataclass(frozen=True)
class Group:
    """Rows that agree in the columns asked for.

    Members
    -------
    values : of these columns.
    rows : all that have them.
    """

    values: tuple[Any, ...]
    rows: tuple[Row, ...]

    def mean(self, column: str) -> float | None:
        """Mean of a column; None if a row has no number there."""
        numbers = self._numbers(column)
        return float(np.mean(numbers)) if numbers else None

    def deviation(self, column: str) -> float | None:
        """Standard deviation of a column, estimated from the sample (N - 1); None for a single row."""
        numbers = self._numbers(column)
        return float(np.std(numbers, ddof=1)) if len(numbers) > 1 else None

    def _numbers(self, column: str) -> list[float]:
        values = [row.get(column) for row in self.rows]
        if any(isinstance(value, bool) or not isinstance(value, int | float) for value in values):
            return []
        return [float(value) for value in values if value is not None and math.isfinite(value)]


def group_rows(rows: Iterable[Row], columns: Sequence[str]) -> list[Group]:
    """Rows by their values in ``columns``, in the order in which these come first."""
    found: dict[tuple[str, ...], list[Row]] = {}
    for row in rows:
        found.setdefault(tuple(cell_text(row.get(name)) for name in columns), []).append(row)
    return [Group(tuple(each[0].get(name) for name in columns), tuple(each)) for each in found.values()]


def mixed(group: Group, inputs: Iterable[str], but: Iterable[str]) -> list[str]:
    """The inputs, except those in ``but``, in which rows of a group differ: what a mean over it would hide."""
    skipped = set(but)
    return [
        name for name in inputs if name not in skipped and len({cell_text(row.get(name)) for row in group.rows}) > 1
    ]


def cell_text(value: object) -> str:
    """A value of a row in words."""
    if value is None:
        return "-"
    if isinstance(value, list):
        return "-".join(map(str, value))
    return f"{value:g}" if isinstance(value, float) else str(value)
