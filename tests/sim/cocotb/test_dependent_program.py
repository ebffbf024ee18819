"""Dependent programs keep within every core, and depend."""

import random
from dataclasses import replace

import pytest

from onward.hw.spec.config import CoreConfig
from onward.hw.spec.isa import Op, Source
from onward.hw.spec.presets import PRESETS
from onward.sim.cocotb.dependent_program import dependent_program

SMALL = CoreConfig(name="small", inputs=3, hidden=(2,), classes=2, lanes=1, rows=20, group=1, vectors=2, elements=4)
# A compact core has few of the instructions; tests/hw/compact has random programs for it.
CORES = [
    *(each for each in PRESETS.values() if not each.compact),
    SMALL,
    replace(SMALL, lanes=6, group=6, operand_bits=16, weight_bits=8),
]


@pytest.mark.parametrize("config", CORES, ids=lambda config: f"{config.name} {config.lanes}")
def test_fits(config: CoreConfig) -> None:
    for seed in range(5):
        program = dependent_program(config, random.Random(seed), 200)  # the assembler has checked all bounds
        assert 200 < len(program.instructions) < 230
        assert program.instructions == dependent_program(config, random.Random(seed), 200).instructions


def test_has_everything() -> None:
    program = dependent_program(PRESETS["tiny"], random.Random(1), 480)
    found = {word.op for word in program.instructions}
    lanes = {op for op in Op if op.is_vector}
    assert lanes <= found
    assert {Op.SMAX, Op.DRAW, Op.BEST, Op.STE, Op.LDE, Op.OUTI, Op.OUTE, Op.ADDI, Op.EXP, Op.REC, Op.XN} <= found
    assert any(word.p1i for word in program.instructions) and any(word.p2i for word in program.instructions)
    streams = {(word.op, word.source) for word in program.instructions}
    sources = set(Source) - {Source.SAMPLE}
    assert {(op, source) for op in (Op.MAC, Op.UPD) for source in sources} <= streams
