"""Rows of the weight memory that a program reads and writes, as formulas: what is streamed decides, not when.

A row is read for every element of a product and for every sum along the lanes; an update reads and writes one for every
element. Zeros are no traffic. So the rows of a sample are a sum of four unknowns times whole numbers that the program
says, and one more whole number::

    2 x + 384 a + 10 e + 57

``x`` nonzero pixels of a sample, ``a`` share of the elements of streamed vector registers that are not zero, ``e`` the
same of the element memory, ``r`` the same of the errors of a generated image.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import astuple, dataclass

from onward.hw.spec.isa import Instruction, Op, Source

from .assembler import Program
from .timing import Load
from .walk import executed

__all__ = ["RowTraffic", "Traffic", "row_traffic"]


@dataclass(frozen=True)
class Traffic:
    """Rows of one run: ``passes`` over the sample's nonzero pixels, elements of each kind that are passed over, and
    ``fixed`` rows whatever the data."""

    passes: int = 0
    vectors: int = 0
    elements: int = 0
    residuals: int = 0
    fixed: int = 0

    def __add__(self, other: Traffic) -> Traffic:
        return Traffic(*(a + b for a, b in zip(astuple(self), astuple(other), strict=True)))

    def rows(self, load: Load, inputs: int) -> float:
        """Rows of a run with data like ``load``, whose samples have ``inputs`` pixels."""
        weights = (load.pixels * inputs, load.active, load.elements, load.residual, 1)
        return sum(weight * count for weight, count in zip(weights, astuple(self), strict=True))

    def text(self) -> str:
        """The formula, such as ``2 x + 384 a + 57``."""
        parts = []
        for count, symbol in zip(astuple(self), ("x", "a", "e", "r", ""), strict=True):
            if count:
                parts.append(symbol if count == 1 and symbol else f"{count} {symbol}".strip())
        return " + ".join(parts) or "0"


@dataclass(frozen=True)
class RowTraffic:
    """Rows read and written in one run, matrix by matrix."""

    reads: Mapping[str, Traffic]
    writes: Mapping[str, Traffic]

    @property
    def all_reads(self) -> Traffic:
        """Rows read of all matrices."""
        return sum(self.reads.values(), Traffic())

    @property
    def all_writes(self) -> Traffic:
        """Rows written of all matrices."""
        return sum(self.writes.values(), Traffic())


def row_traffic(program: Program, entry: str) -> RowTraffic:
    """What one run of ``program`` from the entry called ``entry`` reads and writes."""
    reads: dict[str, Traffic] = {}
    writes: dict[str, Traffic] = {}
    for _, word, indexes in executed(program, entry):
        traffic = _traffic(word, program.config.group)
        if traffic is None:
            continue
        # An unknown index is a label: it stays inside the matrix that the row begins.
        matrix = program.map.find(word.row + indexes.get(word.ri, 0))
        assert matrix is not None, f"row {word.row} belongs to no matrix"
        for table in (reads, writes) if word.op in (Op.UPD, Op.LUPD) else (reads,):
            table[matrix.name] = table.get(matrix.name, Traffic()) + traffic
    return RowTraffic(reads, writes)


def _traffic(word: Instruction, group: int) -> Traffic | None:
    """Rows of one instruction; None if it has nothing to do with them."""
    if word.op in (Op.LMAC, Op.LUPD):
        return Traffic(fixed=group)
    if word.op is Op.ROWS:
        return Traffic(fixed=word.n * word.tiles)
    if word.op not in (Op.MAC, Op.UPD):
        return None
    return {
        # Programs pass over all of a sample.
        Source.SAMPLE: Traffic(passes=1),
        Source.VECTOR: Traffic(vectors=word.n),
        Source.ELEMENTS: Traffic(elements=word.n),
        Source.CONST: Traffic(fixed=word.n),
        Source.RESIDUAL: Traffic(residuals=word.n),
    }[Source(word.source)]
