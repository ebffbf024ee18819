"""Start weights of the predictive forward-forward program."""

from __future__ import annotations

import math

import numpy as np
from numpy.typing import NDArray

from .assembler import Program

__all__ = ["initial_pff_weights"]


def initial_pff_weights(program: Program, seed: int) -> NDArray[np.int32]:
    """Weight rows (rows, lanes) to start from.

    W1 normal with deviation 2/sqrt(inputs), W, V and VY above it 1/sqrt(units); lateral and generative weights uniform
    in [0, 0.05) as published; biases and readout 0.
    """
    config = program.config
    generator = np.random.default_rng(seed)
    memory = np.zeros((config.rows, config.lanes), dtype=np.int32)
    form = config.weight
    for name, matrix in program.map.matrices.items():
        shape = (matrix.inputs, matrix.units)
        if name == "W1":
            real = generator.normal(0.0, 2 / math.sqrt(matrix.inputs), shape)
        elif name == "VY":
            real = generator.normal(0.0, 1 / math.sqrt(matrix.units), shape)
        elif name[0] in "WV":
            real = generator.normal(0.0, 1 / math.sqrt(matrix.inputs), shape)
        elif name[0] in "LG":
            real = generator.uniform(0.0, 0.05, shape)
        else:
            continue
        codes = np.clip(np.rint(real * 2**form.fraction), form.min, form.max).astype(np.int32)
        memory[matrix.base : matrix.base + matrix.rows] = matrix.pack(codes)
    return memory
