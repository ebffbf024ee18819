"""What a program keeps beside its weights: the registers and memories that an entry touches."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

from onward.hw.spec.config import CoreConfig
from onward.hw.spec.formats import ELEMENT
from onward.hw.spec.isa import USED_FIELDS, Instruction, Op, Source

from .assembler import Program
from .walk import executed

__all__ = ["Footprint", "footprint", "touched_elements", "touched_vectors"]

_SCALAR_BITS = 25


@dataclass(frozen=True)
class Footprint:
    """State that an entry needs.

    Members
    -------
    vectors : vector register words, each of all lanes.
    elements : of the element memory.
    scalars : scalar registers, those of constants included.
    instructions : of the program that it runs through, END included.
    vector_bits, element_bits, scalar_bits : bits of the first three.
    """

    vectors: int
    elements: int
    scalars: int
    instructions: int
    vector_bits: int
    element_bits: int
    scalar_bits: int

    @property
    def state_bits(self) -> int:
        """Bits of all three."""
        return self.vector_bits + self.element_bits + self.scalar_bits


def footprint(program: Program, entry: str) -> Footprint:
    """The state that one run of ``program`` from the entry called ``entry`` touches.

    What a label or a draw chooses among is touched as a whole before: it counts as that.
    """
    config = program.config
    vectors: set[int] = set()
    elements: set[int] = set()
    scalars: set[int] = set()
    addresses: set[int] = set()
    for address, word, indexes in executed(program, entry):
        addresses.add(address)
        scalars |= _scalars(word)
        vectors |= touched_vectors(word, indexes, config)
        elements |= touched_elements(word, indexes)
    return Footprint(
        len(vectors),
        len(elements),
        len(scalars),
        len(addresses) + 1,
        len(vectors) * config.lanes * ELEMENT.bits,
        len(elements) * ELEMENT.bits,
        len(scalars) * _SCALAR_BITS,
    )


def _scalars(word: Instruction) -> set[int]:
    used = USED_FIELDS[word.op]
    names = {"s"} & set(used)
    if word.op.is_scalar:
        names |= {"p1"} & set(used)
    if word.op in (Op.RED, Op.DOT) or (word.op.is_scalar and word.op not in (Op.DRAW, Op.AMAX, Op.BEST)):
        names |= {"d"} & set(used)
    return {getattr(word, name) for name in names}


def touched_vectors(word: Instruction, indexes: Mapping[int, int], config: CoreConfig) -> set[int]:
    """Vector register words that an instruction reads or writes; ``indexes`` are the index registers that are known."""
    used = USED_FIELDS[word.op]
    if not word.op.is_vector:
        return set()
    touched: set[int] = set()
    tiles = word.tiles if word.op in (Op.RED, Op.DOT, Op.ROWS) else 1
    if "p1" in used:
        first = word.p1 + indexes.get(word.p1i, 0)
        touched |= set(range(first, first + tiles))
    scans = word.op in (Op.MAC, Op.UPD)
    if "p2" in used and not (scans and word.source != Source.VECTOR):
        first = word.p2 + indexes.get(word.p2i, 0)
        touched |= set(range(first, first + (config.tiles(word.n) if scans else tiles)))
    return touched


def touched_elements(word: Instruction, indexes: Mapping[int, int]) -> set[int]:
    """Elements that an instruction reads or writes, but for one that an unknown index register chooses."""
    used = USED_FIELDS[word.op]
    if "e" not in used or (word.op in (Op.MAC, Op.UPD) and word.source not in (Source.ELEMENTS, Source.RESIDUAL)):
        return set()
    if "n" in used:
        return set(range(word.e, word.e + word.n))
    return {word.e + indexes[word.ri]} if word.ri in indexes else set()
