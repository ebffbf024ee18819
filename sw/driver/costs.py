"""What a program costs a sample: counted by a core while it runs, the bytes on its link too."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from onward.hw.spec.config import ConfigError, CoreConfig
from onward.sw.golden.sample import Batch
from onward.sw.programs.assembler import Program

from .batches import window
from .board import Board, Progress
from .counted_transport import CountedTransport
from .link_board import LinkBoard
from .sim_transport import SimTransport

__all__ = ["Costs", "CountedBoard", "counted_board", "measure_costs"]


@dataclass(frozen=True)
class CountedBoard:
    """A board, and what counts its bytes; None if it has no link."""

    board: Board
    link: CountedTransport | None


@dataclass(frozen=True)
class Costs:
    """What some samples have cost.

    Members
    -------
    samples : how many.
    counters : of the board, for these samples; None where it cannot know.
    to_core, from_core : bytes on the link for these samples; None without a link.
    results : words that each sample gave.
    weights : afterwards, (rows, lanes).
    """

    samples: int
    counters: dict[str, int | None]
    to_core: int | None
    from_core: int | None
    results: list[list[int]]
    weights: NDArray[np.int32]

    def per_sample(self, name: str) -> float | None:
        """A counter over the samples."""
        count = self.counters[name]
        return None if count is None else count / self.samples

    def differences(self, other: Costs) -> list[str]:
        """What differs from the same samples on another board, of all that does not depend on time or a link."""
        names = [
            name
            for name, count in self.counters.items()
            if None not in (count, other.counters[name]) and count != other.counters[name]
        ]
        if self.results != other.results:
            names.append("results")
        if self.weights.shape != other.weights.shape or (self.weights != other.weights).any():
            names.append("weights")
        return names


@contextmanager
def counted_board(name: str, config: CoreConfig) -> Iterator[CountedBoard]:
    """The board called ``sim``, with the bytes of its link counted, or ``golden``, which knows no cycles and bytes.

    Raises
    ------
    ConfigError
        For any other name: costs are those of a model, not of a cable.
    SimBuildError
        If the simulated board cannot be built.
    """
    if name == "golden":
        with Board.open(name, config) as board:
            yield CountedBoard(board, None)
    elif name == "sim":
        link = CountedTransport(SimTransport(config))
        with LinkBoard(config, link) as board:
            yield CountedBoard(board, link)
    else:
        raise ConfigError(f"costs are counted on golden or sim, not on {name!r}")


def measure_costs(
    counted: CountedBoard,
    program: Program,
    entry: str,
    rows: NDArray[np.int32],
    batch: Batch,
    seed: int = 0,
    progress: Progress | None = None,
) -> Costs:
    """Run ``program`` from ``entry`` once for each sample of a batch, from the weights ``rows`` (rows, lanes) on.

    An entry ``prepare``, if the program has one, is run once before ``infer`` and not counted.
    """
    board, link = counted.board, counted.link
    board.load_program(program)
    board.write_weights(rows)
    board.seed(seed)
    if entry == "infer" and "prepare" in program.entries:
        board.run("prepare", window(batch, 0, 1))
    board.reset()
    before = (link.written, link.received) if link else (0, 0)
    results = board.run(entry, batch, progress)
    to_core, from_core = (link.written - before[0], link.received - before[1]) if link else (None, None)
    return Costs(len(batch), board.counters(), to_core, from_core, results, board.read_weights())
