"""The instructions that one run of a program executes, in order, as far as that is known without running it."""

from __future__ import annotations

from collections.abc import Iterator, Mapping

from onward.hw.spec.isa import INDEX_BITS, Instruction, Op

from .assembler import Program

__all__ = ["executed"]

_DRAWN = (Op.LAB, Op.DRAW, Op.AMAX, Op.BEST)
"""Leave in an index register what only a sample can say."""


def executed(program: Program, entry: str) -> Iterator[tuple[int, Instruction, Mapping[int, int]]]:
    """Address and instruction of each step from ``entry`` to before END, loops included, with the index registers
    before it: those that the program has set, not those that it has drawn or that name a label.

    A loop whose counter was drawn may end or go on: the way on is taken, which is the longer one.
    """
    indexes = {0: 0}
    address = program.entries[entry]
    while (word := program.instructions[address]).op is not Op.END:
        yield address, word, indexes
        address += 1
        if word.op is Op.SETI:
            indexes[word.d] = word.imm
        elif word.op is Op.ADDI and word.ri in indexes:
            indexes[word.d] = (indexes[word.ri] + word.imm) % (1 << INDEX_BITS)
        elif word.op is Op.LOOP and word.d in indexes:
            indexes[word.d] -= 1
            address = word.imm if indexes[word.d] else address
        elif word.op in (*_DRAWN, Op.ADDI):
            indexes.pop(word.d, None)
