"""Progress of long work: a bar with rate and time left on a terminal, nothing in a pipe."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import contextmanager

from rich.console import Console
from rich.progress import BarColumn, MofNCompleteColumn, Progress, ProgressColumn, Task, TextColumn, TimeRemainingColumn
from rich.text import Text

__all__ = ["Advance", "progress_bar", "say", "training_note"]

Advance = Callable[..., None]
"""Called with how much is done, and optionally a note to show."""


class _Rate(ProgressColumn):
    """Samples a second."""

    def render(self, task: Task) -> Text:
        return Text(f"{task.speed:,.0f}/s" if task.speed else "")


@contextmanager
def progress_bar(title: str, total: int) -> Iterator[Advance]:
    """Show progress towards ``total`` on standard error while the block runs, if that is a terminal."""
    console = Console(stderr=True)
    columns = (
        TextColumn(title),
        BarColumn(),
        MofNCompleteColumn(),
        _Rate(),
        TimeRemainingColumn(),
        TextColumn("{task.fields[note]}"),
    )
    with Progress(*columns, console=console, transient=True, disable=not console.is_terminal) as bar:
        task = bar.add_task(title, total=total, note="")

        def advance(done: int, note: str = "") -> None:
            bar.update(task, completed=done, note=note)

        yield advance


def say(line: str) -> None:
    """Tell what goes on, on standard error if that is a terminal."""
    console = Console(stderr=True)
    if console.is_terminal:
        console.print(line, markup=False, highlight=False)


def training_note(advance: Advance) -> Callable[[int, float | None], None]:
    """What :func:`onward.sw.driver.trainer.train` reports to: the bar, with the training error beside it."""
    return lambda done, error: advance(done, "" if error is None else f"training error {error:.1f} %")
