"""Harmless programs end wherever they are entered, and hostile ones are what no assembler lets pass."""

from __future__ import annotations

import random

import pytest

from onward.hw.spec.config import ConfigError
from onward.hw.spec.isa import Instruction, Op
from onward.hw.spec.presets import PRESETS
from onward.sw.fuzz.hostile_programs import harmless_words, hostile_words
from onward.sw.programs.assembler import Assembler

TINY = PRESETS["tiny"]


def test_harmless_programs_learn_nothing_and_end() -> None:
    program = [Instruction.decode(word) for word in harmless_words(TINY, 1)]
    assert len(program) == TINY.program and program[-1].op is Op.END
    assert not {each.op for each in program} & {Op.UPD, Op.LUPD, Op.LOOP}
    assert {Op.MAC, Op.ST} <= {each.op for each in program}


def test_the_host_lets_hardly_any_hostile_program_pass() -> None:
    rng = random.Random(1)
    refused = 0
    for _ in range(3000):
        assembler = Assembler(TINY)
        try:
            for word in hostile_words(TINY, rng):
                each = Instruction.decode(word)
                fields = {name: value for name, value in vars(each).items() if name != "op"}
                assembler.instructions.append(Instruction(each.op, **fields))
                assembler.comments.append("")
            assembler.assemble()
        except (ValueError, ConfigError):
            refused += 1
    assert refused > 2500


@pytest.mark.parametrize(
    ("op", "fields", "told"),
    [
        (Op.UPD, {"source": 3, "row": TINY.rows - 1, "n": 2}, f"row reaches {TINY.rows}, the last is {TINY.rows - 1}"),
        (Op.MAC, {"source": 3, "row": TINY.rows, "n": 1, "init": 1}, f"row reaches {TINY.rows}"),
        (Op.LUPD, {"row": TINY.rows - 1}, "row reaches"),
        (Op.DOT, {"p1": TINY.vectors - 1, "tiles": 2}, f"p1 reaches {TINY.vectors}"),
        (Op.AMAX, {"e": TINY.elements - 1, "n": 2}, f"e reaches {TINY.elements}"),
        (Op.STE, {"e": TINY.elements}, "e reaches"),
        (Op.LOOP, {"d": 1, "imm": 9}, "imm reaches 9"),
        (Op.MAC, {"source": 3, "row": 1 << 20, "n": 1, "init": 1}, "field row must be"),
        (Op.MAC, {"source": 3, "ri": 5, "n": 1, "init": 1}, "row reaches"),
    ],
)
def test_programs_are_checked_against_the_memories(op: Op, fields: dict[str, int], told: str) -> None:
    assembler = Assembler(TINY)
    assembler.emit(op, **fields)
    assembler.emit(Op.END)
    with pytest.raises(ConfigError, match=told):
        assembler.assemble()
