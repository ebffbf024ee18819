"""Random programs: the same seed gives the same program, and together they use every instruction."""

from collections import Counter

from onward.hw.spec.isa import Op, Source
from onward.hw.spec.presets import PRESETS
from onward.sw.programs.random_program import random_program


def test_reproducible_and_complete() -> None:
    ops: Counter[Op] = Counter()
    sources: set[tuple[Op, int]] = set()
    for seed in range(30):
        program = random_program(PRESETS["tiny"], seed)
        assert program.instructions == random_program(PRESETS["tiny"], seed).instructions
        ops.update(instruction.op for instruction in program.instructions)
        sources |= {(instruction.op, instruction.source) for instruction in program.instructions}
    assert set(ops) == set(Op)
    assert sources >= {(op, source) for op in (Op.MAC, Op.UPD) for source in Source}
