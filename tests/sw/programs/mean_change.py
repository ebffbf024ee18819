"""What a training program does to its weights in one sample, on average over the random bits of its rounding."""

from __future__ import annotations

import numpy as np
import torch
from numpy.typing import NDArray

from onward.sw.golden.golden import Golden
from onward.sw.golden.sample import Batch
from onward.sw.programs.assembler import Program

__all__ = ["Matrices", "lively_rows", "mean_changes", "real_matrices", "sparse_image"]

Matrices = dict[str, NDArray[np.float64]]


def real_matrices(program: Program, rows: NDArray[np.integer]) -> Matrices:
    """The real numbers of a program's matrices, (inputs, units) each, in weight rows."""
    one = 2**program.config.weight.fraction
    return {name: matrix.unpack(rows) / one for name, matrix in program.map.matrices.items()}


def lively_rows(program: Program, rows: NDArray[np.int32], seed: int = 5) -> NDArray[np.int32]:
    """Start weights with biases that are not 0."""
    generator = np.random.default_rng(seed)
    rows = rows.copy()
    for name, matrix in program.map.matrices.items():
        if name[0] == "b":
            codes = (generator.normal(0, 0.1, (1, matrix.units)) * 2**program.config.weight.fraction).astype(np.int32)
            rows[matrix.base : matrix.base + matrix.rows] = matrix.pack(codes)
    return rows


def sparse_image(inputs: int, seed: int = 0) -> NDArray[np.uint8]:
    """An image (1, inputs) of which about four tenths of the pixels are 0."""
    generator = np.random.default_rng(seed)
    image = generator.integers(1, 256, (1, inputs)) * (generator.random((1, inputs)) < 0.6)
    return image.astype(np.uint8)


def mean_changes(
    program: Program, rows: NDArray[np.int32], image: NDArray[np.uint8], label: int, count: int = 200
) -> Matrices:
    """Mean change of every weight by one sample, over ``count`` seeds of the core's generators."""
    golden = Golden(program.config)
    golden.load_program(program.instructions)
    total = np.zeros(rows.shape, dtype=np.int32)
    batch = Batch.from_images(image, np.array([label], np.uint8))
    for seed in range(count):
        golden.state.seed(seed)
        golden.state.weights[:] = torch.from_numpy(rows)
        golden.run(program.entries["train"], batch)
        total += golden.state.weights.numpy() - rows
    one = count * 2**program.config.weight.fraction
    return {name: matrix.unpack(total) / one for name, matrix in program.map.matrices.items()}
