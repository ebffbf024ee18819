"""The instructions that a run executes."""

from __future__ import annotations

from onward.hw.spec.isa import Op, Source
from onward.hw.spec.presets import PRESETS
from onward.sw.programs.assembler import Assembler, Program
from onward.sw.programs.walk import executed

CONST = (Op.MAC, {"source": Source.CONST, "init": 1, "n": 1})


def assembled(*emissions: tuple[Op, dict[str, int]]) -> Program:
    asm = Assembler(PRESETS["tiny"])
    for register in (1, 2):
        assert asm.index(f"i{register}", 3) == register
    asm.entry("train")
    for op, fields in emissions:
        asm.emit(op, **fields)
    asm.emit(Op.END)
    asm.entry("infer")
    asm.emit(Op.XN)
    asm.emit(Op.END)
    return asm.assemble()


def steps(*emissions: tuple[Op, dict[str, int]]) -> list[tuple[int, dict[int, int]]]:
    return [(address, dict(indexes)) for address, _, indexes in list_of(assembled(*emissions))]


def list_of(program: Program) -> list[tuple[int, object, dict[int, int]]]:
    # Index registers go on changing: each step is kept as it was.
    return [(address, word, dict(indexes)) for address, word, indexes in executed(program, "train")]


def test_straight_on_until_end() -> None:
    assert steps(CONST, (Op.XN, {})) == [(0, {0: 0}), (1, {0: 0})]
    program = assembled(CONST)
    assert [word.op for _, word, _ in executed(program, "infer")] == [Op.XN]


def test_indexes_are_set_and_added_to() -> None:
    places = steps((Op.SETI, {"d": 1, "imm": 2}), (Op.ADDI, {"d": 2, "ri": 1, "imm": -1 & 0xFFFFF}), CONST)
    assert places == [(0, {0: 0}), (1, {0: 0, 1: 2}), (2, {0: 0, 1: 2, 2: 1})]


def test_loops_go_back_until_their_counter_is_0() -> None:
    places = steps((Op.SETI, {"d": 1, "imm": 3}), CONST, (Op.LOOP, {"d": 1, "imm": 1}), (Op.XN, {}))
    assert [address for address, _ in places] == [0, 1, 2, 1, 2, 1, 2, 3]
    assert [indexes[1] for address, indexes in places if address == 1] == [3, 2, 1]


def test_what_is_drawn_is_unknown() -> None:
    places = steps(
        (Op.SETI, {"d": 1, "imm": 2}),
        (Op.LAB, {"d": 1}),
        (Op.ADDI, {"d": 2, "ri": 1, "imm": 1}),
        (Op.LOOP, {"d": 1, "imm": 0}),
        CONST,
    )
    # The longer way: not back.
    assert [address for address, _ in places] == [0, 1, 2, 3, 4]
    assert places[-1][1] == {0: 0}
