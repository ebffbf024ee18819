"""Two boards in step: the same training, every output and every weight compared."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from .batches import dense
from .board import Board, Progress
from .locate import Difference, find_difference
from .lockstep import Chunk, Fault, Side
from .metrics import rows_sha256
from .probe import Observation, Spot, differences
from .recipe import Recipe
from .samples import check_recipe, training_batches
from .trainer import step_program

__all__ = ["Comparison", "compare"]


@dataclass(frozen=True)
class Comparison:
    """Outcome of a comparison.

    Members
    -------
    samples : how many were trained on, on each board.
    weights_sha256 : of the weight rows in the end, by name of the board.
    difference : the first one, or None.
    """

    samples: int
    weights_sha256: dict[str, str]
    difference: Difference | None

    @property
    def equal(self) -> bool:
        """No output and no weight differed."""
        return self.difference is None


def compare(
    boards: tuple[Board, Board],
    recipe: Recipe,
    images: NDArray[np.uint8],
    labels: NDArray[np.uint8],
    inject_fault: bool = False,
    progress: Progress | None = None,
    say: Callable[[str], None] | None = None,
) -> Comparison:
    """Train both boards by the same recipe, step by step; stops at the first step after which they differ.

    The outputs of every sample are compared, and all weights after every step. With ``inject_fault`` one bit of a
    weight of the second board turns over after half of the samples.

    Raises
    ------
    ConfigError
        If the images do not fit the core or the recipe.
    """
    config = boards[0].config
    check_recipe(config, recipe, images, labels)
    report, tell = progress or (lambda done: None), say or (lambda line: None)
    second = boards[1].name if boards[1].name != boards[0].name else f"{boards[1].name} (2)"
    sides = Side(boards[0].name, boards[0]), Side(second, boards[1])
    program = step_program(config, recipe, recipe.steps()[0])
    weights = recipe.method.initial_weights(program, recipe.seed)[: program.map.used]
    for step, batch in training_batches(recipe, images, labels):
        chunk = Chunk(step_program(config, recipe, step), weights, step.seed, batch)
        half = recipe.samples // 2 - step.first
        sides[1].fault = _fault(chunk, half) if inject_fault and 0 <= half < len(batch) else None
        outputs: list[list[list[int]]] = []
        after: list[NDArray[np.int32]] = []
        for side in sides:
            if step.first == 0:
                side.restore(chunk)
            else:
                side.begin(chunk)
            outputs.append(side.run(chunk, 0, len(batch)))
            after.append(side.board.read_weights())
        report(step.first + len(batch))
        seen = _first_seen(outputs, after)
        if seen:
            hashes = _hashes(sides, after)
            difference = find_difference(sides, chunk, seen, step.first, tell)
            return Comparison(step.first + len(batch), hashes, difference)
        weights = after[0]
    return Comparison(recipe.samples, _hashes(sides, after), None)


def _first_seen(outputs: list[list[list[int]]], weights: list[NDArray[np.int32]]) -> tuple[int, Spot] | None:
    """After how many samples a difference shows, and what it is; None if there is none."""
    for count, words in enumerate(zip(*outputs, strict=True), 1):
        a, b = (
            Observation(weights[0][:0], {}, {f"result {i}": word for i, word in enumerate(results)})
            for results in words
        )
        for spot in differences(a, b):
            return count, spot
    a, b = (Observation(rows, {}, {}) for rows in weights)
    return next(((len(outputs[0]), spot) for spot in differences(a, b)), None)


def _hashes(sides: tuple[Side, Side], weights: list[NDArray[np.int32]]) -> dict[str, str]:
    return {side.name: rows_sha256(rows) for side, rows in zip(sides, weights, strict=True)}


def _fault(chunk: Chunk, sample: int) -> Fault:
    """The bit worth 1.0 of a first-layer weight that the sample uses: its brightest pixel, the middle unit."""
    config = chunk.program.config
    matrix = next(each for each in chunk.program.map.matrices.values() if each.inputs == config.inputs)
    brightest = int(dense(chunk.batch, sample, config.inputs).argmax())
    tile, lane = divmod(matrix.units // 2, config.lanes)
    return Fault(sample, matrix.row(tile, brightest), lane, config.weight.fraction)
