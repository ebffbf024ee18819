"""The compiled kernel against the torch definition: same results and same state after any program."""

from dataclasses import replace

import pytest
import torch

from onward.hw.spec.formats import scalar_from_float
from onward.hw.spec.isa import Instruction, Op, Source
from onward.hw.spec.presets import PRESETS
from onward.sw.golden.golden import Golden
from onward.sw.golden.imperfection import Imperfection
from onward.sw.golden.machine import Machine, ProgramError
from onward.sw.golden.rounding import ROUNDINGS, Rounding
from onward.sw.golden.sample import Batch
from onward.sw.programs.assembler import Program
from onward.sw.programs.ff import build_ff, initial_weights
from onward.sw.programs.random_program import random_program
from tests.hw.core.core_bench import random_batch, random_weights

TINY = PRESETS["tiny"]
SHAPES = {
    "tiny": TINY,
    "16 bits": replace(TINY, weight_bits=16, operand_bits=16),
    "8 bits": replace(TINY, weight_bits=8, lanes=10, group=5),
    "one lane": replace(TINY, lanes=1, group=1),
    "20 lanes": replace(TINY, lanes=20, group=4, vectors=8),
}
STATE = ("weights", "vectors", "accumulators", "elements", "scalars", "indexes", "generators", "counters")


def compare(
    program: Program,
    entries: list[int],
    batch: Batch,
    weights: torch.Tensor,
    seed: int,
    rounding: Rounding = "stochastic",
    imperfection: Imperfection | None = None,
) -> Machine:
    golden = Golden(program.config, rounding, imperfection)
    machine = Machine(program.config, rounding=rounding, imperfection=imperfection)
    for state in (golden.state, machine.state):
        state.seed(seed)
        state.weights[:] = weights
    golden.load_program(program.instructions)
    for entry in entries:
        found = golden.run(entry, batch)
        expected = [machine.run(program.instructions, entry, batch[number]) for number in range(len(batch))]
        assert found == expected
    for name in STATE:
        assert torch.equal(getattr(golden.state, name), getattr(machine.state, name)), name
    if imperfection is None:
        assert int(machine.state.accumulators.abs().max()) < 1 << (program.config.accumulator_bits - 1)
    return machine


@pytest.mark.parametrize("shape", SHAPES)
def test_random_programs(shape: str) -> None:
    config = SHAPES[shape]
    counters = torch.zeros(8, dtype=torch.int64)
    for seed in range(12):
        program = random_program(config, seed, length=80)
        weights = torch.from_numpy(random_weights(config, seed))
        counters += compare(program, [0], random_batch(config, 3, seed), weights, seed).state.counters
    # Busy, samples, saturations and rows: the programs reach the corners.
    assert (counters[[0, 1, 4, 5, 6, 7]] > 0).all(), counters


@pytest.mark.parametrize("rounding", ROUNDINGS)
@pytest.mark.parametrize("shape", ["tiny", "20 lanes"])
def test_ff(shape: str, rounding: Rounding) -> None:
    program = build_ff(SHAPES[shape])
    weights = torch.from_numpy(initial_weights(program, 1))
    compare(program, list(program.entries.values()), random_batch(program.config, 20, 1), weights, 9, rounding)


@pytest.mark.parametrize("shape", ["tiny", "16 bits", "8 bits"])
def test_nearest_rounding(shape: str) -> None:
    config = SHAPES[shape]
    for seed in range(12):
        program = random_program(config, seed, length=80)
        weights = torch.from_numpy(random_weights(config, seed))
        compare(program, [0], random_batch(config, 3, seed), weights, seed, "nearest")


@pytest.mark.parametrize("op", [Op.UPD, Op.LUPD])
def test_rounding_of_each_update(op: Op) -> None:
    """Products and operands that are no multiples of anything: both modes differ, and step the generators alike."""
    config = replace(TINY, weight_bits=16)
    update = Instruction(op, source=Source.CONST, s=1, row=0, n=20, p1=0, p2=1)
    program = [Instruction(Op.LDI, d=1, imm=scalar_from_float(0.0123)), update, Instruction(Op.END)]
    ends = []
    for rounding in ROUNDINGS:
        golden, machine = Golden(config, rounding), Machine(config, rounding=rounding)
        for state in (golden.state, machine.state):
            state.weights[:] = 100
            state.vectors[:2] = torch.randint(-999, 999, (2, 4), generator=torch.Generator().manual_seed(1))
        golden.load_program(program)
        for number in range(20):
            golden.run(0, random_batch(config, 1, number))
            machine.run(program, 0, random_batch(config, 1, number)[0])
        for name in STATE:
            assert torch.equal(getattr(golden.state, name), getattr(machine.state, name)), name
        ends.append(golden.state)
    assert not torch.equal(ends[0].weights, ends[1].weights)
    assert torch.equal(ends[0].generators, ends[1].generators)


@pytest.mark.parametrize("imperfection", [Imperfection(0.1), Imperfection(0, 0.3), Imperfection(0.02, 0.2, 5)])
@pytest.mark.parametrize("shape", ["tiny", "16 bits", "8 bits"])
def test_imperfect_device(shape: str, imperfection: Imperfection) -> None:
    config = SHAPES[shape]
    for seed in range(6):
        program = random_program(config, seed, length=80)
        weights = torch.from_numpy(random_weights(config, seed))
        # The second entry goes on with the generators of the first.
        compare(program, [0, 0], random_batch(config, 3, seed), weights, seed, "stochastic", imperfection)


@pytest.mark.parametrize("op", [Op.MAC, Op.UPD, Op.ROWS, Op.LMAC, Op.LUPD])
def test_imperfection_of_each_instruction(op: Op) -> None:
    """Numbers that random programs seldom have: no zeros, nothing saturated, errors in every lane."""
    imperfection = Imperfection(0.1, 0.3)
    fields = {"source": Source.CONST, "init": 1, "s": 1, "row": 0, "n": 16, "p1": 0, "p2": 1}
    fields["tiles"] = int(op is Op.ROWS)
    program = [Instruction(Op.LDI, d=1, imm=scalar_from_float(0.0123)), Instruction(op, **fields), Instruction(Op.END)]
    golden, machine = Golden(TINY, imperfection=imperfection), Machine(TINY, imperfection=imperfection)
    for state in (golden.state, machine.state):
        numbers = torch.Generator().manual_seed(1)
        state.weights[:20] = torch.randint(1, 2000, (20, 4), generator=numbers, dtype=torch.int32)
        state.vectors[:2] = torch.randint(500, 4000, (2, 4), generator=numbers)
    golden.load_program(program)
    golden.run(0, random_batch(TINY, 5, 1))
    for number in range(5):
        machine.run(program, 0, random_batch(TINY, 5, 1)[number])
    for name in STATE:
        assert torch.equal(getattr(golden.state, name), getattr(machine.state, name)), name


@pytest.mark.parametrize("imperfection", [Imperfection(), Imperfection(1e-9, 1e-9)], ids=["none", "below all bits"])
def test_no_imperfection_changes_nothing(imperfection: Imperfection) -> None:
    """Neither that of an ideal device, nor the arithmetic of an imperfect one with every error 0."""
    for seed in range(6):
        program = random_program(TINY, seed, length=80)
        states = []
        for golden in (Golden(TINY), Golden(TINY, imperfection=imperfection)):
            golden.load_program(program.instructions)
            golden.state.seed(seed)
            golden.state.weights[:] = torch.from_numpy(random_weights(TINY, seed))
            states.append((golden.run(0, random_batch(TINY, 3, seed)), golden.state))
        assert states[0][0] == states[1][0]
        for name in STATE:
            assert torch.equal(getattr(states[0][1], name), getattr(states[1][1], name)), name


def test_unknown_rounding() -> None:
    for kind in (Golden, Machine):
        with pytest.raises(ValueError, match="rounding must be stochastic or nearest, not 'up'"):
            kind(TINY, rounding="up")


def test_program_that_does_not_end() -> None:
    program = [Instruction(Op.SETI, d=1, imm=0), Instruction(Op.LOOP, d=1, imm=0)]
    golden = Golden(TINY)
    golden.load_program(program)
    with pytest.raises(ProgramError, match="sample 0: the program did not end within 100 instructions"):
        golden.run(0, random_batch(TINY, 2, 0), limit=100)
    with pytest.raises(ProgramError, match="did not end within 100"):
        Machine(TINY).run(program, 0, random_batch(TINY, 2, 0)[0], limit=100)
