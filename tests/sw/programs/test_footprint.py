"""The state that a program touches."""

from __future__ import annotations

import pytest

from onward.hw.spec.isa import Op, Source
from onward.hw.spec.presets import PRESETS
from onward.sw.driver.rules import RULES
from onward.sw.programs.assembler import Assembler
from onward.sw.programs.footprint import Footprint, footprint

CORE = PRESETS["tiny"]  # 4 lanes: a word has 64 bits
CONST = (Op.MAC, {"source": Source.CONST, "init": 1, "n": 1, "s": 3})


def touched(*emissions: tuple[Op, dict[str, int]]) -> Footprint:
    asm = Assembler(CORE)
    assert asm.index("i", 3) == 1
    asm.entry("train")
    for op, fields in emissions:
        asm.emit(op, **fields)
    asm.emit(Op.END)
    return footprint(asm.assemble(), "train")


def test_bits() -> None:
    state = touched(CONST, (Op.ST, {"p1": 1}), (Op.RED, {"d": 5, "p1": 1, "tiles": 1}), (Op.SMAX, {"e": 2, "n": 3}))
    assert state == Footprint(1, 3, 2, 5, 64, 48, 50)
    assert state.state_bits == 64 + 48 + 50


@pytest.mark.parametrize(
    ("op", "fields", "vectors", "elements", "scalars"),
    [
        (Op.MAC, {"source": Source.VECTOR, "init": 1, "n": 9, "p2": 4, "s": 7}, 3, 0, 1),
        (Op.MAC, {"source": Source.SAMPLE, "init": 1, "n": 20, "p2": 4, "s": 7}, 0, 0, 1),
        (Op.MAC, {"source": Source.ELEMENTS, "init": 1, "n": 9, "e": 4}, 0, 9, 1),
        (Op.UPD, {"source": Source.RESIDUAL, "n": 20, "e": 4, "p1": 2}, 1, 20, 1),
        (Op.UPD, {"source": Source.VECTOR, "n": 5, "p2": 4, "p1": 4}, 2, 0, 1),
        (Op.UPD, {"source": Source.CONST, "n": 1, "p1": 9}, 1, 0, 1),
        (Op.DOT, {"p1": 1, "p2": 3, "tiles": 3, "d": 1}, 5, 0, 1),
        (Op.RED, {"p1": 1, "tiles": 3, "d": 1}, 3, 0, 1),
        (Op.ROWS, {"p1": 1, "n": 6, "tiles": 2, "e": 3, "imm": 6, "init": 1}, 2, 6, 1),
        (Op.SCAT, {"n": 4, "e": 1, "init": 1}, 0, 4, 1),
        (Op.MACVV, {"init": 1, "p1": 1, "p2": 2}, 2, 0, 0),
        (Op.MUL, {"d": 1, "s": 2, "p1": 3}, 0, 0, 3),
        (Op.XN, {"d": 1}, 0, 0, 1),
        (Op.BEST, {"d": 1, "s": 2, "p1": 3}, 0, 0, 2),
        (Op.AMAX, {"d": 1, "e": 3, "n": 5}, 0, 5, 0),
        (Op.OUTS, {"s": 4}, 0, 0, 1),
        (Op.LDE, {"d": 1, "e": 3}, 0, 1, 1),
        (Op.LAB, {"d": 1}, 0, 0, 0),
    ],
)
def test_instructions(op: Op, fields: dict[str, int], vectors: int, elements: int, scalars: int) -> None:
    state = touched((op, fields))
    assert (state.vectors, state.elements, state.scalars, state.instructions) == (vectors, elements, scalars, 2)


def test_indexes_choose() -> None:
    step = [(Op.MACV, {"init": 1, "p1": 2, "p1i": 1}), (Op.ADDI, {"d": 1, "ri": 1, "imm": 1})]
    known = touched((Op.SETI, {"d": 1, "imm": 2}), *step, *step, (Op.STE, {"e": 3, "ri": 1}))
    assert (known.vectors, known.elements) == (2, 1)
    # A label is none that could be counted.
    assert touched((Op.LAB, {"d": 1}), (Op.LDE, {"d": 1, "e": 3, "ri": 1})).elements == 0


def test_loops_count_once() -> None:
    loop = touched((Op.SETI, {"d": 1, "imm": 3}), CONST, (Op.ST, {"p1": 1}), (Op.LOOP, {"d": 1, "imm": 1}))
    assert (loop.vectors, loop.instructions) == (1, 5)


@pytest.mark.parametrize("rule", ["ff", "sigprop", "bp", "dfa"])
def test_inside_the_core(rule: str) -> None:
    core = PRESETS["ulx3s-85f"]
    state = footprint(RULES[rule].build(core, RULES[rule].parameters), "train")
    assert 0 < state.vectors <= core.vectors
    assert core.classes <= state.elements <= core.elements
    assert 0 < state.scalars <= 32
    assert 0 < state.instructions <= core.program
