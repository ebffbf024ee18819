"""One of two boards that do the same, and the means to make it do it again."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from onward.sw.golden.sample import Batch
from onward.sw.programs.assembler import Program

from .batches import window
from .board import Board, Progress

__all__ = ["Chunk", "Fault", "Side"]


@dataclass(frozen=True)
class Chunk:
    """A stretch of training that can be repeated: everything that its outcome depends on.

    Members
    -------
    program : with the entry ``train``.
    weights : rows (rows, lanes) before the first sample.
    seed : of the generators before the first sample.
    batch : the samples.
    """

    program: Program
    weights: NDArray[np.int32]
    seed: int
    batch: Batch


@dataclass(frozen=True)
class Fault:
    """A weight bit that turns over by itself, just before sample ``sample`` of a chunk."""

    sample: int
    row: int
    lane: int
    bit: int

    def strike(self, board: Board) -> None:
        """Turn the bit over."""
        form = board.config.weight
        row = board.read_weights(self.row + 1)[-1]
        code = (int(row[self.lane]) ^ (1 << self.bit)) & ((1 << form.bits) - 1)
        row[self.lane] = code - (1 << form.bits if code > form.max else 0)
        board.write_weights(row[None], self.row)


class Side:
    """A board, and the fault that it has in the chunk at hand.

    Attributes
    ----------
    name : of the board, made unique by whoever compares.
    board : the board.
    fault : strikes whenever the sample it belongs to comes up, in repetitions too.
    """

    def __init__(self, name: str, board: Board) -> None:
        self.name = name
        self.board = board
        self.fault: Fault | None = None

    def begin(self, chunk: Chunk) -> None:
        """Get ready for the first sample of a chunk; the weights are on the board."""
        self.board.load_program(chunk.program)
        self.board.seed(chunk.seed)

    def restore(self, chunk: Chunk) -> None:
        """Go back to the first sample of a chunk."""
        self.board.write_weights(chunk.weights)
        self.begin(chunk)

    def run(self, chunk: Chunk, first: int, last: int, progress: Progress | None = None) -> list[list[int]]:
        """Run samples ``first`` to ``last`` - 1 of a chunk; returns their results."""
        if self.fault is None or not first <= self.fault.sample < last:
            return self.board.run("train", window(chunk.batch, first, last), progress)
        middle = self.fault.sample
        results = self.board.run("train", window(chunk.batch, first, middle), progress)
        self.fault.strike(self.board)
        return results + self.board.run("train", window(chunk.batch, middle, last), progress)
