"""A training on a board that is reset again and again."""

from __future__ import annotations

import random
from collections.abc import Callable
from dataclasses import asdict, dataclass
from typing import Any

from onward.sw.data.datasets import Dataset
from onward.sw.driver.golden_board import GoldenBoard
from onward.sw.driver.link_board import LinkBoard
from onward.sw.driver.metrics import rows_sha256
from onward.sw.driver.plan import Plan
from onward.sw.driver.renewal import Renewal
from onward.sw.driver.session import Session, Watcher
from onward.sw.driver.sim_transport import SimTransport
from onward.sw.driver.trainer import train

__all__ = ["ResetTrial", "try_resets"]


@dataclass(frozen=True)
class ResetTrial:
    """What came of it: samples of the training, resets, and the sha256 of the weights without resets, and with them."""

    samples: int
    resets: int
    clean: str
    found: str

    @property
    def passed(self) -> bool:
        """Whether there were resets, and the weights are the same."""
        return self.resets > 0 and self.clean == self.found

    def figures(self) -> dict[str, Any]:
        """All of it, for a report."""
        return asdict(self) | {"passed": self.passed}


class _Saboteur(Watcher):
    """Presses the reset of the simulated board once in each of so many equal parts of a training, at random moments.

    A moment that has passed does not come again when the training goes on from before it: chance alone must not make
    a board look as if it could never be used, which the driver would rightly say.
    """

    def __init__(
        self, press: Callable[[], None], samples: int, resets: int, seed: int, progress: Callable[[int], None]
    ) -> None:
        self._press = press
        rng = random.Random(seed)
        self._moments = [samples * (part + rng.random()) / resets for part in range(resets)]
        self._progress = progress

    def progress(self, done: int, error: float | None) -> None:
        self._progress(done)
        if self._moments and done >= self._moments[0]:
            del self._moments[0]
            self._press()


def try_resets(plan: Plan, data: Dataset, resets: int, seed: int, progress: Callable[[int], None]) -> ResetTrial:
    """Train by ``plan`` on the simulated board, which is reset ``resets`` times at moments that ``seed`` decides.

    After each reset the board is loaded with the weights of the last checkpoint, as ``onward train --if-lost reload``
    does.
    """
    clean = train(GoldenBoard(plan.config), plan.recipe, data.train_images, data.train_labels)
    transport = SimTransport(plan.config)
    transport_close, transport.close = transport.close, lambda: None  # type: ignore[method-assign]
    saboteur = _Saboteur(transport.reset, plan.recipe.samples, resets, seed, progress)
    try:
        with Renewal(lambda: LinkBoard(plan.config, transport), renew=True) as boards:
            session = Session(boards.board, plan, data, watcher=saboteur)

            def learn(board: Any) -> None:
                session.board = board
                session.run(lambda checkpoint: None)

            boards.run(learn, lambda: session.state.steps)
            found = session.training()
            return ResetTrial(
                plan.recipe.samples, boards.losses, rows_sha256(clean.weights), rows_sha256(found.weights)
            )
    finally:
        transport_close()
