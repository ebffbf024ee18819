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

__all__ = ["Observation", "Spot", "differences", "milestones", "observe"]

Place = tuple[str, int]
"""Kind and number of a scalar or index register, vector word or element."""

_INDEX_WRITERS = (Op.DRAW, Op.AMAX, Op.SETI, Op.ADDI, Op.LAB, Op.LOOP)


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


def milestones(program: Program) -> list[int]:
    """Cuts of the (straight) program at ``train`` before an instruction that overwrites something, and the last one.

    Between two of them a difference that can be seen does not vanish again.
    """
    begin = program.entries["train"]
    body = program.instructions[begin:]
    cuts: list[int] = []
    written: set[Place] = set()
    for address, word in enumerate(body, begin):
        if word.op is Op.END:
            return [*cuts, address]
        writes = _writes(word) or ({("element", word.e)} if word.op is Op.EADD else set())
        if writes & written:
            cuts.append(address)
        written |= writes
    raise ValueError("the program has no END")


def observe(side: Side, chunk: Chunk, sample: int, address: int) -> Observation:
    """Repeat a chunk up to a sample, run that one only up to instruction ``address``, and look."""
    side.restore(chunk)
    if sample:
        side.run(chunk, 0, sample)
    begin = chunk.program.entries["train"]
    written = set().union(*(_writes(word) for word in chunk.program.instructions[begin:address]))
    program, names = _cut(chunk.program, address, written)
    side.board.load_program(program)
    results = side.run(chunk, sample, sample + 1)[0]
    named = zip_longest(names, results, fillvalue=None)
    return Observation(
        side.board.read_weights(),
        {number: side.board.read_vector(number) for kind, number in sorted(written) if kind == "vector"},
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


def _writes(word: Instruction) -> set[Place]:
    """What an instruction writes for certain; not what an index register chooses."""
    used = USED_FIELDS[word.op]
    if word.op is Op.BEST:
        return {("scalar", word.p1), ("index", word.d)}
    if word.op in _INDEX_WRITERS:
        return {("index", word.d)}
    if word.op in (Op.ROWS, Op.SMAX):
        return {("element", address) for address in range(word.e, word.e + word.n)}
    if word.op is Op.STE and not word.ri:
        return {("element", word.e)}
    if word.op is Op.ST and not word.p1i:
        return {("vector", word.p1)}
    return {("scalar", word.d)} if "d" in used else set()


def _cut(program: Program, address: int, written: set[Place]) -> tuple[Program, list[str]]:
    """The program up to ``address``, then what it has written as results; and the names of all results."""
    begin = program.entries["train"]
    counts = {Op.OUTS: 1, Op.OUTI: 1}
    own = sum(word.n if word.op is Op.OUTE else counts.get(word.op, 0) for word in program.instructions[begin:address])
    tail = []
    for kind, number in sorted(written):
        if kind == "scalar":
            tail.append((f"scalar register {number}", Instruction(Op.OUTS, s=number)))
        elif kind == "index" and number:
            tail.append((f"index register {number}", Instruction(Op.OUTI, ri=number)))
        elif kind == "element":
            tail.append((f"element {number}", Instruction(Op.OUTE, e=number, n=1)))
    room = min(program.config.results - own, program.config.program - address - 1)
    tail = tail[: max(room, 0)]
    instructions = (*program.instructions[:address], *(word for _, word in tail), Instruction(Op.END))
    entries = {"train": program.entries["train"]}
    cut = replace(program, instructions=instructions, comments=("",) * len(instructions), entries=entries)
    return cut, [f"result {i}" for i in range(own)] + [name for name, _ in tail]
