"""Finding the first thing that two boards do differently."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import asdict, dataclass
from typing import Any

from onward.hw.spec.isa import Op
from onward.sw.programs.assembler import Program

from .lockstep import Chunk, Side
from .probe import Spot, differences, milestones, observe

__all__ = ["Difference", "find_difference"]

_SUMMING = (Op.MAC, Op.LMAC, Op.ROWS)


@dataclass(frozen=True)
class Difference:
    """The first difference of two boards.

    Members
    -------
    sample : number of the sample, from 0.
    instruction : address of the first instruction whose effect differs; None if there is none to name.
    text : its line of the listing.
    place : where the difference shows, in words.
    matrix, row, lane : where that is in the weight memory; for a vector register, the matrix that it was made with.
    input, unit : what ``row`` and ``lane`` hold there.
    values : both values, by name of the board; None for a value that is missing.
    note : what else there is to say.
    """

    sample: int
    instruction: int | None
    text: str
    place: str
    matrix: str | None
    row: int | None
    lane: int | None
    input: int | None
    unit: int | None
    values: dict[str, int | None]
    note: str = ""

    def describe(self) -> str:
        """A few lines for people."""
        values = ", ".join(f"{name} has {value}" for name, value in self.values.items())
        lines = [f"first difference: sample {self.sample}, {self.place}: {values}"]
        if self.instruction is not None:
            lines.append(f"instruction {self.instruction}: {' '.join(self.text.split())}")
        return "\n".join(lines + ([self.note] if self.note else []))

    def report(self) -> dict[str, Any]:
        """All of it, for JSON."""
        return asdict(self)


def find_difference(
    sides: tuple[Side, Side], chunk: Chunk, seen: tuple[int, Spot], first: int, say: Callable[[str], None]
) -> Difference:
    """Find the first sample and instruction of a chunk that the sides do differently, by repeating it.

    Parameters
    ----------
    sides : the boards; their contents do not matter.
    chunk : begins with both boards the same.
    seen : how many of its samples it takes for a difference to show, and what had shown then.
    first : samples of the training before the chunk.
    say : called with a line at every stage.
    """

    def differs_after(count: int) -> bool:
        results, weights = [], []
        for side in sides:
            side.restore(chunk)
            results.append(side.run(chunk, 0, count))
            weights.append(side.board.read_weights())
        return results[0] != results[1] or bool((weights[0] != weights[1]).any())

    count, spot = seen
    say(f"boards differ after sample {first + count - 1}: repeating from sample {first} to find the first one")
    if not differs_after(count):
        note = "it did not come again when the samples were repeated: look at timing, power or the line"
        return _difference(sides, chunk.program, first + count - 1, None, spot, note)
    count = _first(differs_after, 0, count)
    sample = count - 1

    def spots(address: int) -> list[Spot]:
        a, b = (observe(side, chunk, sample, address) for side in sides)
        return list(differences(a, b))

    begin = chunk.program.entries["train"]
    say(f"sample {first + sample} is the first that differs: looking for the instruction")
    old = spots(begin)
    before = {(spot.row, spot.lane) for spot in old}

    def new_spots(address: int) -> list[Spot]:
        return [spot for spot in spots(address) if (spot.row, spot.lane) not in before]

    low = begin
    for high in milestones(chunk.program):
        if new_spots(high):
            address = _first(lambda cut: bool(new_spots(cut)), low, high)
            if not old:
                return _difference(sides, chunk.program, first + sample, address - 1, new_spots(address)[0], "")
            note = "the weight differs before the sample begins; the instruction is the first that it reaches"
            return _difference(sides, chunk.program, first + sample, address - 1, old[0], note)
        low = high
    note = "the sample's instructions do not show it" if old else "it does not come again in shortened programs"
    return _difference(sides, chunk.program, first + sample, None, (old or [spot])[0], note)


def _first(holds: Callable[[int], bool], low: int, high: int) -> int:
    """The first number above ``low`` that ``holds``, which does so from there to ``high``, and in any case there."""
    while high - low > 1:
        middle = (low + high) // 2
        low, high = (low, middle) if holds(middle) else (middle, high)
    return high


def _difference(
    sides: tuple[Side, Side], program: Program, sample: int, instruction: int | None, spot: Spot, note: str
) -> Difference:
    text = program.describe(instruction) if instruction is not None else ""
    values = {side.name: value for side, value in zip(sides, spot.values, strict=True)}
    if spot.row is not None and spot.lane is not None:
        matrix = program.map.find(spot.row)
        if matrix is None:
            place = f"row {spot.row}, lane {spot.lane} (no matrix)"
            return Difference(sample, instruction, text, place, None, spot.row, spot.lane, None, None, values, note)
        source, unit = matrix.locate(spot.row, spot.lane)
        place = f"matrix {matrix.name}, row {spot.row} (input {source}), lane {spot.lane} (unit {unit})"
        return Difference(
            sample, instruction, text, place, matrix.name, spot.row, spot.lane, source, unit, values, note
        )
    place = f"vector register {spot.vector}, lane {spot.lane}" if spot.word is None else str(spot.word)
    name = _summed_matrix(program, instruction)
    if name:
        place += f" (made with matrix {name})"
    return Difference(sample, instruction, text, place, name, None, spot.lane, None, None, values, note)


def _summed_matrix(program: Program, instruction: int | None) -> str | None:
    """The matrix whose rows went into the result of an instruction, if the listing shows it."""
    if instruction is None:
        return None
    word = program.instructions[instruction]
    if word.op is Op.ST:
        address = instruction - 1
        while address >= 0 and program.instructions[address].op not in _SUMMING:
            address -= 1
        word = program.instructions[max(address, 0)]
    if word.op not in _SUMMING:
        return None
    # A row given by an index register that counts from 1 begins one row early.
    matrix = program.map.find(word.row) or program.map.find(word.row + 1)
    return matrix.name if matrix else None
