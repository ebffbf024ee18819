"""What a program has to remember: the most that is live at a time, which is what a rule cannot do without.

A register is live from when it is written until it is last read. A program may use more registers than that, since
it need not use one for two things (:mod:`.footprint` counts all); a core built for one rule alone could do with these.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

from onward.hw.spec.config import CoreConfig
from onward.hw.spec.formats import ELEMENT
from onward.hw.spec.isa import Instruction, Op

from .assembler import Program
from .footprint import touched_elements, touched_vectors
from .walk import executed

__all__ = ["Live", "live_state"]

_ADDS_TO = (Op.SMAX, Op.EADD)
"""Elements that are read and written in place."""


@dataclass(frozen=True)
class Live:
    """The most that one run holds at the same time.

    Members
    -------
    vectors : vector register words, each of all lanes.
    elements : of the element memory.
    bits : the most of both together.
    """

    vectors: int
    elements: int
    bits: int


def live_state(program: Program, entry: str) -> Live:
    """What one run of ``program`` from the entry called ``entry`` holds at most, before or after any instruction.

    What is read before it is written has been there since before the run. Elements chosen by a label or a draw count as
    not read: the whole, which is written before, is read afterwards in every program that chooses so.
    """
    config = program.config
    word_bits = config.lanes * ELEMENT.bits
    vectors: set[int] = set()
    elements: set[int] = set()
    most = Live(0, 0, 0)
    for _, word, indexes in reversed([(address, word, dict(held)) for address, word, held in executed(program, entry)]):
        written, read = _vectors(word, indexes, config)
        vectors = (vectors - written) | read
        written, read = _elements(word, indexes)
        elements = (elements - written) | read
        bits = len(vectors) * word_bits + len(elements) * ELEMENT.bits
        most = Live(max(most.vectors, len(vectors)), max(most.elements, len(elements)), max(most.bits, bits))
    return most


def _vectors(word: Instruction, indexes: Mapping[int, int], config: CoreConfig) -> tuple[set[int], set[int]]:
    """Words written and read."""
    touched = touched_vectors(word, indexes, config)
    return (touched, set()) if word.op is Op.ST else (set(), touched)


def _elements(word: Instruction, indexes: Mapping[int, int]) -> tuple[set[int], set[int]]:
    """Elements written and read."""
    touched = touched_elements(word, indexes)
    if word.op is Op.STE or (word.op is Op.ROWS and word.init):
        return touched, set()
    if word.op is Op.ROWS or word.op in _ADDS_TO:
        return touched, touched
    return set(), touched
