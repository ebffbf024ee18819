"""Progress of long work: a bar with rate and time left on a terminal, nothing in a pipe."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import contextmanager

import typer
from rich.console import Console
from rich.progress import BarColumn, MofNCompleteColumn, Progress, ProgressColumn, Task, TextColumn, TimeRemainingColumn
from rich.text import Text

__all__ = ["Advance", "note", "progress_bar", "say", "training_note"]

Advance = Callable[..., None]
"""Called with how much is done, and optionally a note to show."""


class _Rate(ProgressColumn):
    """Samples a second."""

    def render(self, task: Task) -> Text:
        return Text(f"{task.speed:,.0f}/s" if task.speed else "")


@contextmanager
def progress_bar(title: str, total: int, done: int = 0, window: float = 30) -> Iterator[Advance]:
    """Show progress from ``done`` to ``total`` on standard error while the block runs, if that is a terminal.

    Rate and time left are those of the last ``window`` seconds.
    """
    console = Console(stderr=True)
    columns = (
        TextColumn(title),
        BarColumn(),
        MofNCompleteColumn(),
        _Rate(),
        TimeRemainingColumn(),
        TextColumn("{task.fields[note]}"),
    )
    terminal = console.is_terminal
    with Progress(*columns, console=console, transient=True, disable=not terminal, speed_estimate_period=window) as bar:
        task = bar.add_task(title, total=total, completed=done, note="")

        def advance(done: int, note: str = "") -> None:
            bar.update(task, completed=done, note=note)

        yield advance


def say(line: str) -> None:
    """Tell what goes on, on standard error if that is a terminal."""
    console = Console(stderr=True)
    if console.is_terminal:
        console.print(line, markup=False, highlight=False)


def note(line: str) -> None:
    """Tell what the user must know though the command goes on, on standard error in any case."""
    typer.echo(f"onward: {line}", err=True)


def training_note(advance: Advance) -> Callable[[int, float | None], None]:
    """What :func:`onward.sw.driver.trainer.train` reports to: the bar, with the training error beside it."""
    return lambda done, error: advance(done, "" if error is None else f"training error {error:.1f} %")
