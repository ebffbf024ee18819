"""``onward sweep``."""

from __future__ import annotations

import os
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer
from rich.console import Console
from rich.table import Table
from rich.text import Text

from .errors import FAILURE
from .options import Folder, JsonFile
from .report import check_folder, check_target, write_json

if TYPE_CHECKING:
    from onward.sw.studies.groups import Group

__all__ = ["sweep"]

_INTERRUPTED = 130
"""Exit code after Ctrl-C, as of a shell."""

_ERRORS = ("test_error_goodness", "test_error_readout", "validation_error_goodness", "validation_error_readout")


def sweep(
    file: Annotated[Path, typer.Argument(metavar="FILE.toml", help="What to run: see docs/studies.md.")],
    out: Annotated[Path, typer.Option("--out", metavar="DIR", help="Folder of the results; what it has is kept.")],
    workers: Annotated[
        int | None, typer.Option(metavar="N", min=1, help="Processes of this machine; as many as cores if left out.")
    ] = None,
    scheduler: Annotated[
        str | None, typer.Option(metavar="ADDRESS", help="A Dask scheduler, tcp://HOST:PORT, whose workers to use.")
    ] = None,
    folder: Folder = None,
    json: JsonFile = None,
) -> None:
    """Run a study: every point of its grids, once; what an earlier call has done is not done again."""
    from onward.sw.cli.progress import progress_bar
    from onward.sw.studies.engine import run_all
    from onward.sw.studies.plan import plan_runs
    from onward.sw.studies.run import Run
    from onward.sw.studies.sweep import Sweep

    check_target(json)
    check_folder(out)
    # Absolute, because workers may be started in another folder.
    folder = folder.absolute() if folder else None
    study = Sweep(plan_runs(file, folder), out)
    missing = study.missing()
    cores = len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else os.cpu_count() or 1
    done: list[Run] = []
    interrupted = False
    with progress_bar(str(out), sum(run.recipe.samples for run in missing), window=1e9) as advance:

        def report(run: Run) -> None:
            done.append(run)
            advance(sum(each.recipe.samples for each in done), f"{len(done)} of {len(missing)} runs")

        advance(0, f"0 of {len(missing)} runs")
        try:
            study.collect(run_all(missing, workers or cores, scheduler, folder), report)
        except KeyboardInterrupt:
            interrupted = True
    figures = study.write()
    write_json(json, figures)
    _print_groups(str(out), figures)
    for failure in figures["failures"]:
        typer.echo(f"onward: {failure['run']}: {failure['error']}", err=True)
    if figures["missing"]:
        left = f"{figures['missing']} of {figures['runs']} runs are not done"
        typer.echo(f"onward: {left}; the same command does them", err=True)
        raise typer.Exit(_INTERRUPTED if interrupted else FAILURE)


def _print_groups(title: str, figures: dict[str, Any]) -> None:
    """The errors at each point, over its seeds: mean and standard deviation."""
    from onward.sw.studies.groups import cell_text, group_rows

    axes = [axis for axis in figures["axes"] if axis != "seed"]
    errors = [name for name in _ERRORS if any(row[name] is not None for row in figures["rows"])]
    # As text: brackets are no markup.
    table = Table(title=Text(f"{title}: mean ± standard deviation, in %"), title_justify="left")
    for name in (*axes, "runs", *errors):
        table.add_column(Text(name.replace("_error_", " error, ")), justify="left" if name in axes else "right")
    for group in group_rows(figures["rows"], axes):
        cells = [*map(cell_text, group.values), str(len(group.rows)), *(_spread(group, name) for name in errors)]
        table.add_row(*map(Text, cells))
    Console().print(table)


def _spread(group: Group, column: str) -> str:
    mean, deviation = group.mean(column), group.deviation(column)
    if mean is None:
        return "-"
    return f"{mean:.2f}" if deviation is None else f"{mean:.2f} ± {deviation:.2f}"
