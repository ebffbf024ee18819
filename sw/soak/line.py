"""A training over a bad line."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import asdict, dataclass
from typing import Any

from onward.hw.spec.config import CoreConfig
from onward.sw.data.datasets import Dataset
from onward.sw.driver.faulty_transport import FaultRates, FaultyTransport
from onward.sw.driver.golden_board import GoldenBoard
from onward.sw.driver.link_board import LinkBoard
from onward.sw.driver.metrics import rows_sha256
from onward.sw.driver.recipe import Recipe
from onward.sw.driver.sim_transport import SimTransport
from onward.sw.driver.trainer import train

__all__ = ["LineTrial", "try_line"]

_DIVISOR = 4
"""Clock cycles of a bit: the fastest line that the UART can read."""
_PATIENCE = 20_000
"""Cycles in which a reply must have come: many times what a sample takes to travel and to be used."""


@dataclass(frozen=True)
class LineTrial:
    """What came of it.

    Members
    -------
    samples : trained on.
    frames : that were on the line, in both directions.
    faults : how many of each kind the line has had.
    repaired : what the driver has noticed and made good.
    clean, found : sha256 of the weights without faults, and with them.
    used : samples that the core says it has used.
    """

    samples: int
    frames: int
    faults: dict[str, int]
    repaired: dict[str, int]
    clean: str
    found: str
    used: int

    @property
    def passed(self) -> bool:
        """Whether every sample was used once, with the same weights in the end; on a line that had faults."""
        return self.clean == self.found and self.used == self.samples and sum(self.faults.values()) > 0

    def figures(self) -> dict[str, Any]:
        """All of it, for a report."""
        return asdict(self) | {"passed": self.passed}


def try_line(
    config: CoreConfig, recipe: Recipe, data: Dataset, damaged: float, seed: int, progress: Callable[[int], None]
) -> LineTrial:
    """Train in the golden model, then on the simulated board with its UART behind a line that harms ``damaged`` frames.

    Parameters
    ----------
    damaged : share of the frames, of both directions, that something happens to: all kinds of faults equally often.
    seed : decides what happens to which.
    progress : called with the samples done.
    """
    images, labels = data.train_images, data.train_labels
    clean = train(GoldenBoard(config), recipe, images, labels)
    uart = SimTransport(config, flavour="uart", divisor=_DIVISOR, patience=_PATIENCE)
    line = FaultyTransport(uart, FaultRates.evenly(damaged), seed)
    with LinkBoard(config, line) as board:
        found = train(board, recipe, images, labels, lambda done, error: progress(done))
        return LineTrial(
            recipe.samples,
            line.frames,
            dict(line.faults),
            asdict(board.faults),
            rows_sha256(clean.weights),
            rows_sha256(found.weights),
            found.counters["samples"] or 0,
        )
