"""The golden model as a board."""

from __future__ import annotations

import numpy as np
import torch
from numpy.typing import NDArray

from onward.hw.spec.config import CoreConfig
from onward.hw.spec.protocol import COUNTERS
from onward.sw.golden.golden import Golden
from onward.sw.golden.imperfection import Imperfection
from onward.sw.golden.rounding import Rounding
from onward.sw.golden.sample import Batch
from onward.sw.golden.state import COUNTED
from onward.sw.programs.assembler import Program

from .batches import window
from .board import Board, Progress

__all__ = ["GoldenBoard"]

_CHUNK = 500
"""Samples between two calls of ``progress``."""


class GoldenBoard(Board):
    """A core in this process. It counts multiplier use but predicts no cycles: that counter is None.

    Parameters
    ----------
    config : the core.
    rounding : of updates; all other boards have ``stochastic`` only, see :data:`~onward.sw.golden.rounding.Rounding`.
    imperfection : of weights and lanes; all other boards are ideal, see
        :class:`~onward.sw.golden.imperfection.Imperfection`.
    """

    def __init__(
        self, config: CoreConfig, rounding: Rounding = "stochastic", imperfection: Imperfection | None = None
    ) -> None:
        super().__init__("golden", config)
        self._golden = Golden(config, rounding, imperfection)

    def read_vector(self, word: int) -> NDArray[np.int32]:
        return self._golden.state.vectors[word].numpy().astype(np.int32)

    def seed(self, seed: int) -> None:
        self._golden.state.seed(seed)

    def counters(self) -> dict[str, int | None]:
        counted = dict(zip(COUNTED, self._golden.state.counters.tolist(), strict=True))
        return {name: counted.get(name) for name in COUNTERS}

    def reset(self) -> None:
        self._golden.state.counters.zero_()

    def close(self) -> None:
        """Nothing to give back."""

    def _load(self, program: Program) -> None:
        self._golden.load_program(program.instructions)

    def _write_rows(self, rows: NDArray[np.int32], first: int) -> None:
        if len(rows):
            self._golden.state.weights[first : first + len(rows)] = torch.from_numpy(rows)
            # Once more for the last row: it leaves its trace in the accumulators, as on the core.
            self._golden.state.write_row(first + len(rows) - 1, torch.from_numpy(rows[-1]))

    def _read_rows(self, rows: int) -> NDArray[np.int32]:
        return self._golden.state.weights[:rows].numpy().copy()

    def _run(self, entry: int, batch: Batch, progress: Progress) -> list[list[int]]:
        results: list[list[int]] = []
        for first in range(0, len(batch), _CHUNK):
            results += self._golden.run(entry, window(batch, first, min(first + _CHUNK, len(batch))))
            progress(len(results))
        return results
