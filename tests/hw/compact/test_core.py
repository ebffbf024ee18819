"""The compact core against the golden model: random programs, and forward-forward training."""

from dataclasses import replace

import pytest

from onward.hw.spec.config import CoreConfig
from onward.hw.spec.isa import Op, Source
from onward.sw.programs.assembler import Assembler, AssemblyError
from onward.sw.programs.ff import build_ff, initial_weights
from onward.sw.programs.random_program import random_program
from tests.hw.core.core_bench import check_programs, random_batch, random_weights

SMALL = CoreConfig(
    name="compact",
    inputs=9,
    hidden=(5,),
    classes=3,
    lanes=4,
    rows=40,
    group=1,
    weight_bits=16,
    operand_bits=16,
    vectors=8,
    elements=16,
    program=160,
    results=40,
    memory="spram",
    compact=True,
)


@pytest.mark.parametrize("seed", range(4))
def test_random_programs(seed: int) -> None:
    program = random_program(SMALL, seed, length=80)
    check_programs(SMALL, program.instructions, [0], random_batch(SMALL, 2, seed), random_weights(SMALL, seed), seed)


def test_forward_forward() -> None:
    config = replace(SMALL, inputs=12, hidden=(6, 5), rows=96, vectors=24, program=256)
    program = build_ff(config)
    entries = [program.entries["train"], program.entries["infer"]]
    check_programs(config, program.instructions, entries, random_batch(config, 2, 1), initial_weights(program, 1))


@pytest.mark.parametrize(
    ("op", "fields", "message"),
    [
        (Op.DOT, {"d": 0, "p1": 0, "p2": 0, "tiles": 1}, "a compact core has no DOT"),
        (Op.ROWS, {"s": 0, "row": 0, "n": 1, "p1": 0, "e": 0, "tiles": 1, "imm": 256, "init": 1}, "stride below 256"),
        (Op.MAC, {"source": Source.SAMPLE, "s": 0, "row": 0, "n": 3, "init": 1}, "streams all 9 inputs, not 3"),
        (Op.MAC, {"source": Source.RESIDUAL, "s": 0, "row": 0, "n": 9, "e": 0, "init": 1}, "no source RESIDUAL"),
        (Op.ST, {"p1": 0, "store": 2}, "identity or relu"),
        (Op.MAC, {"source": Source.CONST, "s": 0, "row": 0, "n": 1}, "not initialised"),
    ],
)
def test_the_assembler_refuses(op: Op, fields: dict[str, int], message: str) -> None:
    asm = Assembler(SMALL)
    asm.entry("main")
    asm.emit(Op.MACV, init=1, s=0, p1=0)
    asm.emit(Op.RED, d=0, p1=0, tiles=1)
    asm.emit(op, **fields)
    asm.emit(Op.END)
    with pytest.raises(AssemblyError, match=message):
        asm.assemble()
