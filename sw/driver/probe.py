"""Looking into a core in the middle of a sample: programs cut short, and what they leave.

A program ended early by END leaves its weights and vector registers, which the host can read. Scalar registers, index
registers and elements cannot be read from outside, so the cut program puts out those that it has written, as far as
the result buffer goes.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, replace
from itertools import zip_longest

import numpy as np
from numpy.typing import NDArray

from onward.hw.spec.isa import USED_FIELDS, Instruction, Op
from onward.sw.programs.assembler import Program

from .lockstep import Chunk, Side

__all__ = ["Observation", "Spot", "differences", "end_of", "observe"]

_INDEX_WRITERS = (Op.DRAW, Op.AMAX, Op.BEST, Op.SETI, Op.ADDI, Op.LAB, Op.LOOP)


@dataclass(frozen=True)
class Observation:
    """What one core has to show: weight rows, vector words that were written, and results by name."""

    weights: NDArray[np.int32]
    vectors: dict[int, NDArray[np.int32]]
    words: dict[str, int]


@dataclass(frozen=True)
class Spot:
    """A place where two observations differ, with both values; ``row`` of the weight memory or ``vector`` word."""

    values: tuple[int | None, int | None]
    row: int | None = None
    vector: int | None = None
    lane: int | None = None
    word: str | None = None


def end_of(program: Program, entry: str = "train") -> int:
    """Address of the END that closes the (straight) program at ``entry``."""
    address = program.entries[entry]
    while program.instructions[address].op is not Op.END:
        address += 1
    return address


def observe(side: Side, chunk: Chunk, sample: int, address: int) -> Observation:
    """Repeat a chunk up to a sample, run that one only up to instruction ``address``, and look."""
    side.restore(chunk)
    if sample:
        side.run(chunk, 0, sample)
    written = _Written.before(chunk.program, address)
    program, names = _cut(chunk.program, address, written)
    side.board.load_program(program)
    results = side.run(chunk, sample, sample + 1)[0]
    named = zip_longest(names, results, fillvalue=None)
    return Observation(
        side.board.read_weights(),
        {word: side.board.read_vector(word) for word in sorted(written.vectors)},
        {name or f"surplus result {i}": value for i, (name, value) in enumerate(named) if value is not None},
    )


def differences(a: Observation, b: Observation) -> Iterator[Spot]:
    """Every place where two observations differ: weights first, then vectors, then words."""
    for row, lane in np.argwhere(a.weights != b.weights).tolist():
        yield Spot((int(a.weights[row, lane]), int(b.weights[row, lane])), row=row, lane=lane)
    for word in a.vectors:
        for (lane,) in np.argwhere(a.vectors[word] != b.vectors[word]).tolist():
            yield Spot((int(a.vectors[word][lane]), int(b.vectors[word][lane])), vector=word, lane=lane)
    for name in a.words | b.words:
        values = (a.words.get(name), b.words.get(name))
        if values[0] != values[1]:
            yield Spot(values, word=name)


@dataclass(frozen=True)
class _Written:
    """What the first instructions of a program have written; writes through index registers are left out."""

    scalars: set[int]
    indexes: set[int]
    elements: set[int]
    vectors: set[int]
    results: int

    @classmethod
    def before(cls, program: Program, address: int) -> _Written:
        scalars: set[int] = set()
        indexes: set[int] = set()
        elements: set[int] = set()
        vectors: set[int] = set()
        results = 0
        for word in program.instructions[program.entries["train"] : address]:
            if word.op in _INDEX_WRITERS:
                indexes.add(word.d)
            elif "d" in USED_FIELDS[word.op]:
                scalars.add(word.d)
            if word.op is Op.BEST:
                scalars.add(word.p1)
            elif word.op is Op.ROWS:
                elements.update(range(word.e, word.e + word.n))
            elif word.op is Op.STE and not word.ri:
                elements.add(word.e)
            elif word.op is Op.ST and not word.p1i:
                vectors.add(word.p1)
            elif word.op in (Op.OUTS, Op.OUTI, Op.OUTE):
                results += word.n if word.op is Op.OUTE else 1
        return cls(scalars, indexes - {0}, elements, vectors, results)


def _cut(program: Program, address: int, written: _Written) -> tuple[Program, list[str]]:
    """The program up to ``address``, then what it has written as results; and the names of all results."""
    names = [f"result {i}" for i in range(written.results)]
    tail = []
    for number in sorted(written.scalars):
        tail.append((f"scalar register {number}", Instruction(Op.OUTS, s=number)))
    for number in sorted(written.indexes):
        tail.append((f"index register {number}", Instruction(Op.OUTI, ri=number)))
    for number in sorted(written.elements):
        tail.append((f"element {number}", Instruction(Op.OUTE, e=number, n=1)))
    room = min(program.config.results - written.results, program.config.program - address - 1)
    tail = tail[: max(room, 0)]
    instructions = (*program.instructions[:address], *(word for _, word in tail), Instruction(Op.END))
    entries = {"train": program.entries["train"]}
    cut = replace(program, instructions=instructions, comments=("",) * len(instructions), entries=entries)
    return cut, names + [name for name, _ in tail]
