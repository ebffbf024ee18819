"""Two boards in step: equal ones are found equal, and of different ones the first difference is named."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace

import numpy as np
import pytest

from onward.hw.spec.config import ConfigError
from onward.hw.spec.isa import Instruction, Op, Store
from onward.sw.driver.compare import Comparison, compare
from onward.sw.driver.golden_board import GoldenBoard
from onward.sw.driver.link_board import LinkBoard
from onward.sw.driver.metrics import rows_sha256
from onward.sw.driver.trainer import train
from onward.sw.golden.sample import Batch
from onward.sw.programs.assembler import Program

from .driver_data import TINY, patterns, program, recipe
from .model_core import ModelCore, ModelTransport

END = next(i for i, word in enumerate(program().instructions) if word.op is Op.END)


class OtherBoard(GoldenBoard):
    """A core that executes one instruction differently."""

    def __init__(self, address: int, word: Instruction) -> None:
        super().__init__(TINY)
        self.name = "other"
        self._change = address, word

    def _load(self, loaded: Program) -> None:
        address, word = self._change
        words = list(loaded.instructions)
        if address < len(words) and _still(words[address], program().instructions[address]):
            # Rates change from step to step: a changed LDI changes the constant at hand.
            old = words[address]
            words[address] = replace(old, imm=old.imm ^ 1 << 14) if old.op is Op.LDI else word
        super()._load(replace(loaded, instructions=tuple(words)))


def _still(word: Instruction, original: Instruction) -> bool:
    """Whether this is the program's own instruction, and not one that a probe has put in its place."""
    return word.but(imm=0, fine=0) == original.but(imm=0, fine=0)


def run(
    *boards: GoldenBoard | LinkBoard, samples: int = 60, inject: bool = False, say: Callable[[str], None] | None = None
) -> Comparison:
    return compare((boards[0], boards[1]), recipe(40, samples), *patterns(40), inject, say=say)


def test_equal() -> None:
    seen: list[int] = []
    boards = GoldenBoard(TINY), LinkBoard(TINY, ModelTransport(ModelCore(TINY), 500))
    result = compare(boards, recipe(40, 60), *patterns(40), progress=seen.append)
    assert result.equal
    assert result.samples == seen[-1] == 60
    training = train(GoldenBoard(TINY), recipe(40, 60), *patterns(40))
    assert result.weights_sha256 == dict.fromkeys(("golden", "model"), rows_sha256(training.weights))


def test_boards_of_one_name_are_told_apart() -> None:
    assert set(run(GoldenBoard(TINY), GoldenBoard(TINY)).weights_sha256) == {"golden", "golden (2)"}


def changed(word: Instruction) -> Instruction:
    """An instruction that does something else than ``word``, in the same place."""
    match word.op:
        case Op.MAC | Op.MACV | Op.UPD:
            return word.but(neg=1 - word.neg)
        case Op.ST:
            return word.but(store=Store.STEP)
        case Op.RED | Op.ROWS:
            return word.but(p1=word.p1 + 1)
        case Op.MUL | Op.ADD:
            return word.but(op=Op.SUB)
        case Op.SUB:
            return word.but(op=Op.ADD)
        case Op.RSQ | Op.SIG:
            return word.but(op=Op.REC)
        case Op.XN:
            return Instruction(Op.LDI, d=word.d, imm=0x8000)
        case Op.SMAX:
            return Instruction(Op.EADD, e=word.e, imm=1)
        case Op.EADD:
            return word.but(imm=word.imm ^ 0x400)
        case Op.OUTI:
            return word.but(ri=0)
        case _:
            return Instruction(Op.SETI, d=word.d, imm=1)


@pytest.mark.parametrize("address", range(END))
def test_names_the_instruction(address: int) -> None:
    word = program().instructions[address]
    result = run(GoldenBoard(TINY), OtherBoard(address, changed(word)))
    found = result.difference
    assert not result.equal
    assert found is not None
    shown = address
    while program().instructions[shown].op in (Op.MAC, Op.MACV):
        shown += 1  # a sum shows when it is stored
    assert found.instruction == shown, program().describe(address)
    assert found.text.split()[0] == program().instructions[shown].op.name
    assert len(set(found.values.values())) == 2
    assert set(found.values) == {"golden", "other"}
    if word.op is Op.UPD:
        matrix = program().map.matrices[found.matrix or ""]
        assert matrix.base <= (found.row or 0) < matrix.base + matrix.rows
        assert matrix.locate(found.row or 0, found.lane or 0) == (found.input, found.unit)
        assert matrix.name in program().comments[address]
    if word.op is Op.ROWS:
        assert found.matrix in program().comments[address]


def test_finds_the_first_sample() -> None:
    # Only samples with label 2 use that row: the first of them is to blame, not those after.
    address = next(i for i, word in enumerate(program().instructions) if word.op is Op.LAB)
    word = program().instructions[address]

    class OneLabel(OtherBoard):
        def _run(self, entry: int, batch: Batch, progress: Callable[[int], None]) -> list[list[int]]:
            labels = np.where(batch.labels == 2, 1, batch.labels)
            return super()._run(entry, replace(batch, labels=labels), progress)

    result = run(GoldenBoard(TINY), OneLabel(address, word))
    _, labels = patterns(40)
    order = np.concatenate([step.images for step in recipe(40, 60).steps()])
    assert result.difference is not None
    assert result.difference.sample == int(np.argmax(labels[order] == 2))
    assert result.difference.place == "index register 1"
    assert result.difference.values == {"golden": 2, "other": 1}


def test_injected_fault_is_found() -> None:
    said: list[str] = []
    result = run(GoldenBoard(TINY), GoldenBoard(TINY), inject=True, say=said.append)
    found = result.difference
    assert found is not None
    assert found.sample == 30
    assert found.matrix == "W1"
    assert found.values["golden (2)"] ^ found.values["golden"] & 0x3FFF != 0  # type: ignore[operator]
    assert found.instruction is not None
    assert "differs before the sample begins" in found.note
    text = found.describe()
    assert f"sample 30, matrix W1, row {found.row} (input {found.input}), lane {found.lane}" in text
    assert "ST" in text
    assert len(said) == 2


def test_injected_fault_is_found_over_a_line() -> None:
    over = LinkBoard(TINY, ModelTransport(ModelCore(TINY), 500))
    here = run(GoldenBoard(TINY), GoldenBoard(TINY), inject=True).difference
    there = run(GoldenBoard(TINY), over, inject=True).difference
    assert here is not None
    assert there is not None
    assert replace(here, values={}) == replace(there, values={})


def test_difference_that_does_not_come_again() -> None:
    class Unsteady(GoldenBoard):
        """Loses a weight once."""

        runs = 0

        def _run(self, entry: int, batch: Batch, progress: Callable[[int], None]) -> list[list[int]]:
            self.runs += 1
            if self.runs == 3:
                self.write_weights(np.full((1, 4), 4000), 20)
            return super()._run(entry, batch, progress)

    result = run(GoldenBoard(TINY), Unsteady(TINY))
    assert result.difference is not None
    assert result.difference.instruction is None
    assert "did not come again when the samples were repeated" in result.difference.note
    assert result.samples == 12


def test_report_is_plain_data() -> None:
    found = run(GoldenBoard(TINY), GoldenBoard(TINY), inject=True).difference
    assert found is not None
    report = found.report()
    assert {"sample", "instruction", "matrix", "row", "lane", "input", "unit", "values"} <= set(report)


def test_refuses_images_of_another_shape() -> None:
    images, labels = patterns(10, replace(TINY, inputs=25))
    with pytest.raises(ConfigError, match="25 pixels"):
        compare((GoldenBoard(TINY), GoldenBoard(TINY)), recipe(10), images, labels)
