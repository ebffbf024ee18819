"""Programs of single layers in the golden model, on weights with which all of it matters."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import torch
from numpy.typing import NDArray

from onward.hw.spec.config import CoreConfig
from onward.hw.spec.formats import ELEMENT
from onward.sw.golden.golden import Golden
from onward.sw.golden.sample import Batch
from onward.sw.programs.assembler import Program
from tests.sw.programs.pff_bench import RAGGED

__all__ = ["LAYERED", "LayerBench"]

LAYERED = replace(RAGGED, name="layered", hidden=(10, 7, 6))
"""Three words, then two; an odd number of units; the last word not full."""


class LayerBench:
    """A program on a core of its own.

    Parameters
    ----------
    program : what to run.
    weights : rows (rows, lanes) to begin with; matrices named W and b get larger ones, so that many units are active.
    """

    def __init__(self, program: Program, weights: NDArray[np.int32], seed: int = 3) -> None:
        self.program, self.config = program, program.config
        self.golden = Golden(self.config)
        self.golden.load_program(program.instructions)
        self.golden.state.seed(seed)
        random = np.random.default_rng(seed)
        for name, matrix in program.map.matrices.items():
            if name[0] in "WbR":
                values = random.normal(0.1 if name[0] == "b" else 0, 0.5, (matrix.inputs, matrix.units))
                codes = np.rint(values * 2**self.config.weight.fraction).astype(np.int32)
                weights[matrix.base : matrix.base + matrix.rows] = matrix.pack(codes)
        self.golden.state.weights[: len(weights)] = torch.from_numpy(weights)

    def run(self, entry: str, pixels: NDArray[np.uint8], labels: list[int]) -> list[list[int]]:
        """Result words of each sample."""
        batch = Batch.from_images(pixels, np.array(labels, dtype=np.uint8))
        return self.golden.run(self.program.entries[entry], batch)

    def matrix(self, name: str) -> NDArray[np.float64]:
        """The real numbers of a matrix, (inputs, units)."""
        codes = self.program.map.matrices[name].unpack(self.golden.state.weights.numpy())
        return codes / 2.0**self.config.weight.fraction

    def vector(self, word: int, units: int) -> NDArray[np.float64]:
        """The real numbers of the vector that begins at ``word``."""
        tiles = CoreConfig.tiles(self.config, units)
        values = self.golden.state.vectors[word : word + tiles].numpy().reshape(-1)[:units]
        return values / 2.0**ELEMENT.fraction
