"""Where matrices live in the weight memory, and how real-valued matrices become weight rows and back."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from .config import ConfigError, CoreConfig

__all__ = ["Matrix", "MemoryMap"]


@dataclass(frozen=True)
class Matrix:
    """A matrix of (inputs, units) from row ``base`` on: tile t of input j is row ``base + t * inputs + j``."""

    name: str
    base: int
    inputs: int
    units: int
    lanes: int

    @property
    def tiles(self) -> int:
        """Words of lanes that its units take."""
        return -(-self.units // self.lanes)

    @property
    def rows(self) -> int:
        """Weight rows that it takes."""
        return self.tiles * self.inputs

    def row(self, tile: int, element: int = 0) -> int:
        """Address of the row of ``element`` in ``tile``."""
        return self.base + tile * self.inputs + element

    def locate(self, row: int, lane: int) -> tuple[int, int]:
        """(input, unit) of a row and lane of this matrix."""
        tile, element = divmod(row - self.base, self.inputs)
        return element, tile * self.lanes + lane

    def pack(self, values: NDArray[np.integer]) -> NDArray[np.int32]:
        """Rows (rows, lanes) of a matrix of weight codes (inputs, units); lanes without a unit are 0."""
        padded = np.zeros((self.inputs, self.tiles * self.lanes), dtype=np.int32)
        padded[:, : self.units] = values
        return padded.reshape(self.inputs, self.tiles, self.lanes).transpose(1, 0, 2).reshape(self.rows, self.lanes)

    def unpack(self, memory: NDArray[np.integer]) -> NDArray[np.int32]:
        """The matrix of weight codes (inputs, units) out of all rows of a weight memory."""
        rows = memory[self.base : self.base + self.rows].reshape(self.tiles, self.inputs, self.lanes)
        return rows.transpose(1, 0, 2).reshape(self.inputs, -1)[:, : self.units].astype(np.int32)


class MemoryMap:
    """Hands out rows in order; row 0 stays free, so that programs may count indexes from 1.

    Raises
    ------
    ConfigError
        From :meth:`add`, if the weight memory is full.
    """

    def __init__(self, config: CoreConfig) -> None:
        self.config = config
        self.matrices: dict[str, Matrix] = {}
        self.used = 1

    def add(self, name: str, inputs: int, units: int) -> Matrix:
        """Place a matrix of (inputs, units) behind the others."""
        matrix = Matrix(name, self.used, inputs, units, self.config.lanes)
        self.used += matrix.rows
        if self.used > self.config.rows:
            raise ConfigError(
                f"{self.config.name}: the weights need at least {self.used} rows of {self.config.lanes} lanes"
                f" (matrix {name} is {inputs} x {units}), but there are only {self.config.rows}"
            )
        self.matrices[name] = matrix
        return matrix

    def find(self, row: int) -> Matrix | None:
        """The matrix that holds ``row``, if any."""
        for matrix in self.matrices.values():
            if matrix.base <= row < matrix.base + matrix.rows:
                return matrix
        return None
