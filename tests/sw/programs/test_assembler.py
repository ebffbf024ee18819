"""The assembler: names, bounds, overflow, listing."""

from dataclasses import replace

import pytest

from onward.hw.spec.isa import Instruction, Op, Source, Store
from onward.hw.spec.presets import PRESETS
from onward.sw.programs.assembler import Assembler, AssemblyError

TINY = PRESETS["tiny"]


def assembler() -> Assembler:
    asm = Assembler(TINY)
    asm.emit(Op.MACV, init=1, s=asm.scalar("one"), p1=0)
    return asm


@pytest.mark.parametrize(
    ("op", "fields", "words"),
    [
        (Op.MAC, {"source": Source.CONST, "row": 90, "n": 7}, "row reaches 96, the last is 95"),
        (Op.MAC, {"source": Source.SAMPLE, "row": 77, "n": 30}, "row reaches 96, the last is 95"),
        (Op.MAC, {"source": Source.CONST, "row": 94, "n": 1, "ri": 1}, "row reaches 96, the last is 95"),
        (Op.MAC, {"source": Source.VECTOR, "row": 0, "n": 5, "p2": 31}, "p2 reaches 32, the last is 31"),
        (Op.MAC, {"source": Source.ELEMENTS, "row": 0, "n": 5, "e": 28}, "e reaches 32, the last is 31"),
        (Op.UPD, {"source": Source.RESIDUAL, "row": 0, "n": 5, "e": 28, "p2": 31}, "e reaches 32, the last is 31"),
        (Op.UPD, {"source": Source.RESIDUAL, "row": 70, "n": 30}, "row reaches 99, the last is 95"),
        (Op.MAC, {"source": Source.CONST, "row": 0, "n": 0}, "n and tiles must be at least 1"),
        (Op.ROWS, {"row": 80, "n": 8, "tiles": 2, "imm": 10}, "row reaches 97, the last is 95"),
        (Op.RED, {"p1": 30, "tiles": 3}, "p1 reaches 32, the last is 31"),
        (Op.LUPD, {"row": 95, "p1": 0, "p2": 0}, "row reaches 96, the last is 95"),
        (Op.ST, {"p1": 32}, "p1 reaches 32, the last is 31"),
        (Op.SCAT, {"n": 5, "e": 0}, "n reaches 4, the last is 3"),
        (Op.EADD, {"e": 30, "ri": 1}, "e reaches 32, the last is 31"),
        (Op.LDI, {"d": 1, "imm": 5}, "LDI: 0x5 is no scalar"),
        (Op.LOOP, {"d": 1, "imm": 9}, "imm reaches 9"),
        (Op.MAC, {"source": Source.CONST, "row": 0, "n": 5000}, "field n must be 0 to 4095, not 5000"),
        (Op.MAC, {"source": Source.CONST, "row": 0, "n": 90, "init": 0}, "more than 127 products"),
    ],
)
def test_out_of_bounds(op: Op, fields: dict[str, int], words: str) -> None:
    asm = assembler()
    assert asm.index("label", 3) == 1
    asm.emit(Op.MAC, source=Source.CONST, row=0, n=40)
    asm.emit(op, "the culprit", **fields)
    asm.emit(Op.END)
    with pytest.raises(AssemblyError, match=rf"instruction 2 \(the culprit\): .*{words}"):
        asm.assemble()


def test_other_refusals() -> None:
    asm = Assembler(TINY)
    with pytest.raises(AssemblyError, match="ST has no field row"):
        asm.emit(Op.ST, row=3)
    asm.emit(Op.ST, p1=0)
    asm.emit(Op.END)
    with pytest.raises(AssemblyError, match="accumulators that the program has not initialised"):
        asm.assemble()
    asm = assembler()
    with pytest.raises(AssemblyError, match="must end with END"):
        asm.assemble()
    asm.instructions *= 600
    asm.comments *= 600
    with pytest.raises(AssemblyError, match="the program has 600 instructions, the program memory holds 512"):
        asm.assemble()


def test_registers_run_out() -> None:
    asm = Assembler(replace(TINY, vectors=4, elements=5))
    assert asm.vector("a", 7) == 0
    assert asm.vector("b", 8) == 2
    assert asm.vector("a", 7) == 0
    with pytest.raises(AssemblyError, match="more than the core's 4 vector words"):
        asm.vector("c", 1)
    asm.elements("x", 5)
    with pytest.raises(AssemblyError, match="more than the core's 5 elements"):
        asm.elements("y", 1)
    for number in range(32):
        asm.scalar(f"s{number}")
    with pytest.raises(AssemblyError, match="no scalar register left for 'one more': all 32 are taken"):
        asm.scalar("one more")
    for number in range(7):
        asm.index(f"i{number}", 4)
    with pytest.raises(AssemblyError, match="no index register left"):
        asm.index("one more", 4)


def test_listing_and_words() -> None:
    asm = assembler()
    asm.constant("half", 0.5)
    asm.entry("second")
    asm.emit(Op.MACV, "again", init=1, s=0, p1=1)
    asm.emit(Op.ST, "away", store=Store.RELU, p1=2)
    asm.emit(Op.END)
    program = asm.assemble()
    assert [Instruction.decode(word) for word in program.words()] == list(program.instructions)
    lines = program.listing().splitlines()
    assert lines[2] == "second:"
    assert "LDI   d=1 0.5" in lines[1]
    assert lines[4].endswith("; away")
