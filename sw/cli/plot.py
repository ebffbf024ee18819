"""``onward plot``."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Annotated, Any

import typer

from .report import RunError, check_target

__all__ = ["plot"]


def plot(
    study: Annotated[Path, typer.Argument(metavar="DIR", help="A folder that sweep has filled.")],
    x: Annotated[str, typer.Option("--x", metavar="COLUMN", help="Column across, such as weight_bits.")],
    out: Annotated[Path, typer.Option("--out", metavar="PNG", help="The picture.")],
    y: Annotated[str, typer.Option("--y", metavar="COLUMN", help="Column upwards.")] = "test_error_goodness",
    group: Annotated[str | None, typer.Option(metavar="COLUMN", help="Column that has a line for each value.")] = None,
    where: Annotated[
        list[str] | None,
        typer.Option(metavar="COLUMN=VALUE", help="Only rows with this value; may be given several times."),
    ] = None,
) -> None:
    """Draw a study: mean and standard deviation over seeds."""
    from onward.sw.cli.study_pictures import draw_comparison
    from onward.sw.studies.groups import cell_text, group_rows, mixed

    check_target(out)
    report = _load(study)
    rows = report["rows"]
    known = list(dict.fromkeys(name for row in rows for name in row))
    for condition in where or ():
        name, equals, value = condition.partition("=")
        if not equals:
            raise RunError(f"--where takes COLUMN=VALUE, such as weight_bits=14, not {condition!r}")
        _check_column(name, known)
        rows = [row for row in rows if cell_text(row[name]) == value]
    for name in (x, y, *([group] if group else [])):
        _check_column(name, known)
    # A row that lacks y, such as the goodness of a net that has none, says nothing here.
    rows = [row for row in rows if row[y] is not None]
    if not rows:
        raise RunError(f"{study}: no row with these values has {y}")
    columns = [x, group] if group else [x]
    groups = group_rows(rows, columns)
    for each in groups:
        if each.mean(y) is None:
            raise RunError(f"column {y} has no numbers")
        if others := mixed(each, report["inputs"], {"seed", *columns}):
            place = " ".join(f"{name}={cell_text(value)}" for name, value in zip(columns, each.values, strict=True))
            raise RunError(
                f"the runs at {place} differ in {', '.join(others)}, and their mean would hide it: choose with --where"
            )
    draw_comparison(out, groups, x, y, group)


def _load(study: Path) -> dict[str, Any]:
    path = study / "results.json"
    try:
        report: dict[str, Any] = json.loads(path.read_text())
    except FileNotFoundError:
        raise RunError(f"{study}: has no results.json, as onward sweep makes it") from None
    except ValueError as error:
        raise RunError(f"{path}: {error}") from None
    if not isinstance(report, dict) or not isinstance(report.get("rows"), list) or "inputs" not in report:
        raise RunError(f"{path}: is no result of onward sweep")
    if not report["rows"]:
        raise RunError(f"{path}: has no rows yet")
    return report


def _check_column(name: str, known: list[str]) -> None:
    if name not in known:
        raise RunError(f"there is no column {name!r}; known are {', '.join(known)}")
