"""What is predicted of a compact core, against cycles counted in simulation."""

from dataclasses import replace

import pytest

from onward.hw.spec.isa import Instruction, Op, Source
from onward.hw.spec.presets import PRESETS
from onward.sw.programs.compact_timing import compact_cycles
from onward.sw.programs.ff import build_ff, initial_weights
from onward.sw.programs.walk import executed
from tests.hw.core.core_bench import check_programs, random_batch

SMALL = replace(
    PRESETS["icebreaker-compact"], inputs=12, hidden=(8, 12), rows=250, vectors=48, elements=16, program=320, group=1
)


def test_a_training_sample_takes_what_is_predicted() -> None:
    program = build_ff(SMALL)
    batch = random_batch(SMALL, 3, 1)
    counted = check_programs(
        SMALL, program.instructions, [program.entries["train"]], batch, initial_weights(program, 1)
    )["cycles"]
    words = [word for _, word, _ in executed(program, "train")]
    predicted = sum(compact_cycles(word, len(batch[i].index)) for i in range(len(batch)) for word in words)
    assert predicted == pytest.approx(counted, rel=0.04)


def test_only_pixels_that_are_zero_take_no_cycle() -> None:
    sample = Instruction(Op.MAC, source=Source.SAMPLE, n=784)
    vector = Instruction(Op.MAC, source=Source.VECTOR, n=64)
    assert compact_cycles(sample, 150) - compact_cycles(sample, 100) == 50
    assert compact_cycles(vector, 150) == compact_cycles(vector, 100)


def test_a_row_is_summed_up_behind_the_element_before() -> None:
    few, more, many = (Instruction(Op.ROWS, n=10, tiles=tiles) for tiles in (2, 50, 90))
    assert compact_cycles(few, 0) == compact_cycles(more, 0) < compact_cycles(many, 0)
