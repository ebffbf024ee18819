"""Where things are in the compact core's memories."""

from __future__ import annotations

from enum import IntEnum

from onward.hw.spec.config import CoreConfig
from onward.hw.spec.isa import INSTRUCTION_BITS

__all__ = ["Word", "instruction_words", "list_words", "memory_words"]


class Word(IntEnum):
    """Number of a word of an instruction in the form that it is kept in, see :mod:`.firmware`."""

    ROW = 1
    COUNT = 2
    MODE = 3
    LIST = 4
    SCALAR = 5
    INDEX = 6
    DESTINATION = INDEX
    VECTOR = 7


def instruction_words(config: CoreConfig) -> int:
    """Words of the row memory that an instruction takes."""
    return -(-INSTRUCTION_BITS // (16 * config.lanes))


def memory_words(config: CoreConfig) -> int:
    """Words of the row memory: weight rows, then the program."""
    return config.rows + config.program * instruction_words(config)


def list_words(config: CoreConfig) -> int:
    """Words of the list memory: vector registers element by element, then the element memory."""
    return config.vectors * config.lanes + config.elements
