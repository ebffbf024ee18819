"""Architectural state of the core as torch integer tensors: what a program reads and writes."""

from __future__ import annotations

import hashlib
from dataclasses import dataclass, field

import torch
from torch import Tensor

from onward.hw.spec.config import CoreConfig
from onward.hw.spec.formats import OPERAND_FRACTION
from onward.hw.spec.isa import INDEX_REGISTERS, SCALAR_REGISTERS
from onward.hw.spec.tables import generator_constant

__all__ = ["COUNTED", "State", "weights_sha256"]

COUNTED = (
    "busy_cycles",
    "samples",
    "weight_saturations",
    "vector_saturations",
    "operand_saturations",
    "element_saturations",
    "row_reads",
    "row_writes",
)
"""The counters of the protocol that do not depend on time, in the order of :attr:`State.counters`."""


def weights_sha256(weights: Tensor) -> str:
    """SHA-256 (hex) of weight rows, (rows, lanes) integers, as little-endian 16-bit numbers in row order."""
    return hashlib.sha256(weights.to(torch.int16).numpy().astype("<i2").tobytes()).hexdigest()


@dataclass
class State:
    """All memories and registers of one core, zero at power-up.

    ``weights`` (rows, lanes) weight codes, ``vectors`` (words, lanes) and ``elements`` (depth,) vector-format codes,
    ``accumulators`` (lanes,), ``scalars`` (32,) packed, ``indexes`` (8,), ``generators`` (lanes + 2,) 32-bit states,
    ``counters`` in the order of :data:`COUNTED`. All int64 but the weights (int32), on the CPU.
    """

    config: CoreConfig
    weights: Tensor = field(init=False)
    vectors: Tensor = field(init=False)
    accumulators: Tensor = field(init=False)
    elements: Tensor = field(init=False)
    scalars: Tensor = field(init=False)
    indexes: Tensor = field(init=False)
    generators: Tensor = field(init=False)
    counters: Tensor = field(init=False)

    def __post_init__(self) -> None:
        config = self.config
        self.weights = torch.zeros(config.rows, config.lanes, dtype=torch.int32)
        self.vectors = torch.zeros(config.vectors, config.lanes, dtype=torch.int64)
        self.accumulators = torch.zeros(config.lanes, dtype=torch.int64)
        self.elements = torch.zeros(config.elements, dtype=torch.int64)
        self.scalars = torch.zeros(SCALAR_REGISTERS, dtype=torch.int64)
        self.indexes = torch.zeros(INDEX_REGISTERS, dtype=torch.int64)
        self.generators = torch.zeros(config.lanes + 2, dtype=torch.int64)
        self.counters = torch.zeros(len(COUNTED), dtype=torch.int64)
        self.seed(0)

    def seed(self, seed: int) -> None:
        """Restart every random generator from a 32-bit seed."""
        for index in range(len(self.generators)):
            self.generators[index] = (generator_constant(index) ^ seed) & 0xFFFFFFFF | 1

    def write_row(self, row: int, values: Tensor) -> None:
        """Write one weight row the way the host does: through the accumulators, which keep the shifted values."""
        config = self.config
        shift = config.accumulator_fraction - OPERAND_FRACTION
        self.weights[row] = values.to(torch.int32)
        self.accumulators[:] = values.to(torch.int64) << shift
