"""What a layer hands on to a core that trains the layer above: its activities as result words, two pixels in each.

The layer above normalises what it sees, so that only the direction of a vector counts. ``z`` becomes ``253 z / |z|``,
rounded: a pixel of 8 bits for each unit, whatever the length of z. Units 2i and 2i + 1 share an element of 16 bits:
``low + 256 (high - 128)``. It is a product along the lanes with constant rows, one cycle a pair of units.
"""

from __future__ import annotations

import numpy as np
from numpy.typing import ArrayLike, NDArray

from onward.hw.spec.config import ConfigError
from onward.hw.spec.formats import ELEMENT
from onward.hw.spec.isa import Op, Source, Store

from .assembler import Assembler, Program

__all__ = ["PHASES", "Handover", "handover_words", "read_handover", "write_handover_rows"]

PHASES = 2
"""Vectors that a sample hands on: the positive phase's, then the negative one's."""

_FULL = 253
"""Pixel of a unit that is active alone. The operand that scales a vector is rounded, which adds 1 at most."""

_LOW, _HIGH = 2.0**-7, 2.0
"""Weights of a pair's two units, 256 apart; the element is 128 times their product with the pixels."""

_OFFSET = -128 / (1 << ELEMENT.fraction)
"""Added to the pixels of odd units, so that a pair of full pixels fits a signed element."""


def handover_words(units: int) -> int:
    """Result words that hand on one vector of ``units`` activities."""
    return -(-units // 2)


class Handover:
    """Emits the instructions that hand on two vectors, and takes the rows, elements and words that they need.

    Rows: ``pack``, one for each pair of units, and ``offset``; :func:`write_handover_rows` fills them. Scalar
    registers: ``one``, which the program has set, and ``full``, ``unpack``.

    Parameters
    ----------
    asm : the program's assembler.
    units : of the layer.

    Raises
    ------
    ConfigError
        If the weights are too narrow for the constant rows, or these find no room.
    """

    def __init__(self, asm: Assembler, units: int) -> None:
        if asm.config.weight.fraction < 7:
            raise ConfigError(f"to hand on activities takes weights of 10 bits, not {asm.config.weight_bits}")
        self.asm, self.words = asm, handover_words(units)
        self.pack = asm.map.add("pack", self.words, units)
        self.offset = asm.map.add("offset", 1, units)
        self.vector = asm.vector("pixels", units)
        self.elements = asm.elements("handover", PHASES * self.words)

    def constants(self) -> tuple[tuple[str, float], ...]:
        """Names and values of the scalars to set at the start."""
        return ("full", _FULL / (1 << ELEMENT.fraction)), ("unpack", 1 / _LOW)

    def scale(self, norm: str) -> None:
        """What :meth:`pair` multiplies a vector by, in place of its 1/norm."""
        self.asm.compute(Op.MUL, norm, norm, "full")

    def pair(self, phase: int, vector: int, scale: str) -> None:
        """The elements of a phase from the words of ``vector``, not negative, and the register of its scale."""
        asm, one = self.asm, self.asm.scalar("one")
        for tile in range(self.pack.tiles):
            asm.emit(Op.MACV, "pixels = 253 LN(z)", init=1, s=asm.scalar(scale), p1=vector + tile)
            row = self.offset.row(tile)
            asm.emit(Op.MAC, "odd units: - 128", source=Source.CONST, s=one, row=row, n=1)
            asm.emit(Op.ST, "pixels", store=Store.IDENTITY, p1=self.vector + tile)
        e = self.elements + phase * self.words
        asm.rows(self.pack, e, self.vector, asm.scalar("unpack"), "pairs of pixels")

    def send(self) -> None:
        """All words to the results."""
        self.asm.emit(Op.OUTE, "hand on", e=self.elements, n=PHASES * self.words)


def write_handover_rows(program: Program, memory: NDArray[np.int32]) -> None:
    """Fill the constant rows in a weight memory (rows, lanes), if the program hands on."""
    if "pack" not in program.map.matrices:
        return
    form = program.config.weight
    pack, offset = program.map.matrices["pack"], program.map.matrices["offset"]
    pairs = np.zeros((pack.inputs, pack.units), dtype=np.int32)
    unit = np.arange(pack.units)
    pairs[unit // 2, unit] = np.where(unit % 2, form.quantise(_HIGH), form.quantise(_LOW))
    shift = np.where(unit % 2, form.quantise(_OFFSET), 0)[None]
    for matrix, codes in ((pack, pairs), (offset, shift)):
        memory[matrix.base : matrix.base + matrix.rows] = matrix.pack(codes)


def read_handover(words: ArrayLike, units: int) -> NDArray[np.uint8]:
    """Pixels (samples, phases, units) of result words (samples, phases * words)."""
    codes = np.asarray(words, dtype=np.int64).reshape(-1, PHASES, handover_words(units)).astype(np.uint16)
    # A half of an odd number of units' last word has no unit.
    return (
        np.stack((codes & 0xFF, (codes >> 8) ^ 0x80), axis=-1)
        .astype(np.uint8)
        .reshape(len(codes), PHASES, -1)[:, :, :units]
    )
