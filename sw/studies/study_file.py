"""Study files: what all runs share, and grids of what they differ in."""

from __future__ import annotations

import itertools
import math
from collections.abc import Iterator
from dataclasses import dataclass, fields
from pathlib import Path
from typing import Any

from onward.hw.spec.config import CoreConfig
from onward.hw.spec.toml_file import read_toml
from onward.hw.spec.wording import one_line
from onward.sw.driver.recipe import Recipe

__all__ = ["CONFIG_KEYS", "OPTION_KEYS", "Point", "StudyError", "read_study"]

CONFIG_KEYS = tuple(each.name for each in fields(CoreConfig) if each.name != "name")
"""Fields of the configuration that a study may change in its preset."""

OPTION_KEYS = tuple(
    each.name
    for each in fields(Recipe)
    if each.name not in ("rule", "images", "samples", "parameters", "seed", "validation")
)
"""Settings of a training that are passed on as they are: schedule and augmentation."""

_RUN_KEYS = (
    *("rule", "preset", "dataset", "images", "epochs", "seed", "test", "validation"),
    *("rounding", "read_noise", "gain_error"),
)
_KEYS = (*_RUN_KEYS, *OPTION_KEYS, *CONFIG_KEYS)
_PARAMETERS = "parameters"
_MOST_RUNS = 10_000
"""Of a study; more of them is a slip in a grid, and would fill the memory before the first run."""


class StudyError(ValueError):
    """A study file cannot be used; the message is one line: which file, where in it, and what is wrong."""


@dataclass(frozen=True)
class Point:
    """One point of a grid.

    Members
    -------
    study : name of its block; empty if the file is a single one without a name.
    axes : the values that its grid gives it, by key.
    settings : those, and what is shared; parameters of the rule as ``parameters.NAME``.
    """

    study: str
    axes: dict[str, Any]
    settings: dict[str, Any]


def read_study(path: Path) -> list[Point]:
    """All points of the study file at ``path``, block by block, the last key of a grid changing fastest.

    Raises
    ------
    StudyError
        If it is missing or no TOML, a key is unknown or given twice, or a grid is empty or no lists.
    """
    try:
        values = read_toml(path)
    except OSError as error:
        raise StudyError(f"{path}: {error.strerror}") from None
    except ValueError as error:
        raise StudyError(one_line(f"{path}: is no TOML: {error}")) from None
    try:
        return list(_points(values))
    except ValueError as error:
        # Among them StudyError, and what a message becomes that quotes a number too long to be written.
        raise StudyError(one_line(f"{path}: {error}")) from None


def _points(values: dict[str, Any]) -> Iterator[Point]:
    blocks = values.pop("study", [{}])
    if not isinstance(blocks, list) or not blocks or not all(isinstance(block, dict) for block in blocks):
        raise StudyError("studies are blocks that begin with [[study]]")
    shared, shared_grid = _block(values, "")
    names = set()
    runs = 0
    for number, block in enumerate(blocks, 1):
        name = block.pop("name", f"study {number}" if len(blocks) > 1 else "")
        if not isinstance(name, str) or name in names:
            raise StudyError(f"study {number}: its name must be a text of its own, not {name!r}")
        names.add(name)
        own, own_grid = _block(block, f"{name}: " if name else "")
        # What a block says itself goes before what is shared, be it in a grid or not.
        grid = {key: each for key, each in shared_grid.items() if key not in own} | own_grid
        settings = {key: each for key, each in shared.items() if key not in grid} | own
        runs += math.prod(map(len, grid.values()))
        if runs > _MOST_RUNS:
            raise StudyError(f"the grids make {runs:,} runs or more, a study has at most {_MOST_RUNS:,}")
        for point in itertools.product(*grid.values()):
            axes = dict(zip(grid, point, strict=True))
            yield Point(name, axes, settings | axes)


def _block(values: dict[str, Any], where: str) -> tuple[dict[str, Any], dict[str, list[Any]]]:
    """Settings and grid of the file's beginning or one of its blocks."""
    grid = values.pop("grid", None)
    settings = _flat(values, where, "grid" if where else "grid, study")
    if grid is None:
        return settings, {}
    where += "grid: "
    if not isinstance(grid, dict) or not grid:
        raise StudyError(f"{where}is empty: give it lists, such as seed = [0, 1, 2]")
    lists = _flat(grid, where)
    for key, each in lists.items():
        if not isinstance(each, list):
            raise StudyError(f"{where}{key} must be a list of values, not {each!r}")
        if not each:
            raise StudyError(f"{where}{key} is an empty list, so that there would be no run")
        seen = set()
        for value in each:
            if (held := _hashable(value)) in seen:
                raise StudyError(f"{where}{key} has {value!r} twice")
            seen.add(held)
        if key in settings:
            raise StudyError(f"{where}{key} is given outside of the grid, too")
    return settings, lists


def _hashable(value: Any) -> Any:
    """A value of TOML that equals another one if and only if they are equal."""
    if isinstance(value, list):
        return ("list", *map(_hashable, value))
    if isinstance(value, dict):
        return frozenset((key, _hashable(each)) for key, each in value.items())
    return value


def _flat(values: dict[str, Any], where: str, others: str = "") -> dict[str, Any]:
    """Values by key, those of the table ``parameters`` by ``parameters.NAME``; unknown keys are refused."""
    parameters = values.pop(_PARAMETERS, {})
    if not isinstance(parameters, dict):
        raise StudyError(f"{where}{_PARAMETERS} must be a table of the rule's parameters, not {parameters!r}")
    for key in values:
        if key not in _KEYS:
            known = ", ".join([*_KEYS, _PARAMETERS, *([others] if others else [])])
            raise StudyError(f"{where}unknown key {key!r}; known are {known}")
    return values | {f"{_PARAMETERS}.{key}": value for key, value in parameters.items()}
