"""What a program has to remember at a time."""

from __future__ import annotations

from dataclasses import replace

import pytest

from onward.hw.spec.config import CoreConfig
from onward.hw.spec.isa import Op, Source
from onward.hw.spec.presets import PRESETS
from onward.sw.driver.rules import RULES
from onward.sw.programs.assembler import Assembler
from onward.sw.programs.footprint import footprint
from onward.sw.programs.liveness import Live, live_state

CORE = PRESETS["tiny"]  # 4 lanes: a word has 64 bits
CONST = (Op.MAC, {"source": Source.CONST, "init": 1, "n": 1})


def live(*emissions: tuple[Op, dict[str, int]], config: CoreConfig = CORE) -> Live:
    asm = Assembler(config)
    assert asm.index("i", 3) == 1
    asm.entry("train")
    for op, fields in emissions:
        asm.emit(op, **fields)
    asm.emit(Op.END)
    return live_state(asm.assemble(), "train")


def store(word: int) -> tuple[Op, dict[str, int]]:
    return Op.ST, {"p1": word}


def use(word: int) -> tuple[Op, dict[str, int]]:
    return Op.MACV, {"init": 1, "p1": word}


def test_a_word_lives_until_its_last_use() -> None:
    assert live(CONST, store(1), use(1), store(2), use(2)) == Live(1, 0, 64)
    assert live(CONST, store(1), store(2), use(1), use(2)).vectors == 2
    assert live(CONST, store(1), use(1), use(1), store(2), use(1), use(2)).vectors == 2


def test_what_nobody_reads_is_not_live() -> None:
    assert live(CONST, store(1), store(2), store(3)) == Live(0, 0, 0)
    assert live(CONST, store(1), store(1), use(1)).vectors == 1


def test_what_is_read_first_was_there_before() -> None:
    assert live(use(1), use(2)).vectors == 2


def test_elements() -> None:
    rows = (Op.ROWS, {"n": 3, "tiles": 1, "imm": 3, "init": 1, "e": 4, "p1": 1})
    back = (Op.SCAT, {"n": 3, "e": 4, "init": 1})
    assert live(CONST, store(1), rows, back) == Live(1, 3, 64)
    # Added to, they were there before the vector.
    added = (Op.ROWS, rows[1] | {"init": 0})
    assert live(CONST, store(1), added, back) == Live(1, 3, 64 + 3 * 16)
    assert live((Op.SMAX, {"e": 4, "n": 3}), back).elements == 3
    # One that an index chooses.
    index = (Op.SETI, {"d": 1, "imm": 2})
    assert live(index, (Op.LDE, {"e": 4, "ri": 1})).elements == 1
    assert live(index, (Op.STE, {"e": 4, "ri": 1}), (Op.LDE, {"e": 4, "ri": 1}), back).elements == 3


def test_loops() -> None:
    loop = [(Op.SETI, {"d": 1, "imm": 3}), CONST, store(1), use(2), use(1), (Op.LOOP, {"d": 1, "imm": 1})]
    assert live(*loop).vectors == 2


@pytest.mark.parametrize("rule", ["ff", "sigprop", "bp", "dfa"])
@pytest.mark.parametrize("depth", [1, 3])
def test_never_more_than_is_touched(rule: str, depth: int) -> None:
    config = replace(CORE, hidden=(6,) * depth, rows=200, vectors=100, elements=200, program=1024)
    program = RULES[rule].build(config, RULES[rule].parameters)
    held, touched = live_state(program, "train"), footprint(program, "train")
    assert 0 < held.vectors <= touched.vectors
    assert 0 < held.elements <= touched.elements
    assert held.bits <= touched.vector_bits + touched.element_bits


def test_backprop_keeps_activity_and_mask_of_each_layer() -> None:
    def words(depth: int) -> int:
        config = replace(CORE, hidden=(4,) * depth, rows=200, vectors=100, program=1024)
        return live_state(RULES["bp"].build(config, RULES["bp"].parameters), "train").vectors

    # And one error, whatever the depth.
    assert [words(depth) for depth in (1, 2, 3, 4)] == [3, 5, 7, 9]
