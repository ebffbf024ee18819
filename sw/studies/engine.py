"""Many runs at once: in this process, on the cores of this machine, or on a Dask cluster."""

from __future__ import annotations

import logging
import signal
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from .execute import execute
from .run import Run

__all__ = ["Outcome", "run_all"]


@dataclass(frozen=True)
class Outcome:
    """What came of a run: its figures, or why there are none."""

    run: Run
    figures: dict[str, Any] | None = None
    error: str | None = None


def run_all(
    runs: Sequence[Run], workers: int = 1, scheduler: str | None = None, folder: Path | None = None
) -> Iterator[Outcome]:
    """Carry out runs; each outcome comes as soon as it is there, in whatever order.

    Parameters
    ----------
    runs : what to do.
    workers : processes of this machine; one is this process itself.
    scheduler : address of a Dask scheduler whose workers do it instead.
    folder : where the workers look for data sets first.

    Raises
    ------
    OSError
        If there is no scheduler at that address.
    """
    if scheduler is None and min(workers, len(runs)) <= 1:
        for run in runs:
            try:
                yield Outcome(run, execute(run, folder))
            except Exception as error:
                yield Outcome(run, error=_told(error))
        return
    yield from _distributed(runs, workers, scheduler, folder)


def _distributed(runs: Sequence[Run], workers: int, scheduler: str | None, folder: Path | None) -> Iterator[Outcome]:
    # Half a second to import, and only here of use.
    from distributed import Client, LocalCluster, as_completed

    # Lost connections and the like come as errors of the runs; Dask's own words about them are many.
    logging.getLogger("distributed").setLevel(logging.CRITICAL)
    if scheduler is None:
        # One thread a worker: the golden model has one, and more of torch's would get in each other's way.
        cluster = LocalCluster(
            n_workers=min(workers, len(runs)),
            threads_per_worker=1,
            processes=True,
            dashboard_address=None,
            silence_logs=logging.CRITICAL,
        )
    else:
        cluster = None
    try:
        with Client(scheduler or cluster) as client:
            if cluster is not None:
                # Ctrl-C reaches every process of a terminal; this one takes care of it.
                client.run(_ignore_interrupt)
            # pure=False: equal runs of another sweep on the same cluster may be of another version of the programs.
            futures = {client.submit(execute, run, folder, pure=False): run for run in runs}
            for future in as_completed(futures):
                run = futures.pop(future)
                if future.status == "finished":
                    yield Outcome(run, future.result())
                else:
                    yield Outcome(run, error=_told(future.exception()))
    finally:
        if cluster is not None:
            cluster.close()


def _ignore_interrupt() -> None:
    signal.signal(signal.SIGINT, signal.SIG_IGN)


def _told(error: BaseException | None) -> str:
    """An error in one line."""
    text = " ".join(str(error).split())
    return f"{type(error).__name__}: {text}" if text else type(error).__name__
