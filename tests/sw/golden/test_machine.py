"""The torch definition against hand-worked numbers and float arithmetic."""

import math

import pytest
import torch

from onward.hw.spec.formats import scalar_from_float, scalar_to_float
from onward.hw.spec.isa import Instruction, Op, Source, Store
from onward.hw.spec.presets import PRESETS
from onward.sw.golden.machine import Machine, ProgramError
from onward.sw.golden.sample import Sample
from onward.sw.golden.state import COUNTED

TINY = PRESETS["tiny"]
EMPTY = Sample(torch.tensor([], dtype=torch.int64), torch.tensor([], dtype=torch.int64), 0)
END = Instruction(Op.END)


def load(register: int, value: float) -> Instruction:
    return Instruction(Op.LDI, d=register, imm=scalar_from_float(value))


def test_forward_product_and_relu() -> None:
    machine = Machine(TINY)
    one = 1 << TINY.weight.fraction
    machine.state.weights[3] = torch.tensor([one, -one, one // 2, 0])
    machine.state.weights[7] = torch.tensor([one, one, one, -one])
    sample = Sample(torch.tensor([1, 5]), torch.tensor([128, 64]), 2)
    program = [
        load(1, 2.0),
        Instruction(Op.MAC, source=Source.SAMPLE, init=1, s=1, row=2, n=20),
        Instruction(Op.ST, store=Store.RELU, p1=4),
        Instruction(Op.RED, d=2, p1=4, tiles=1),
        Instruction(Op.OUTS, s=2),
        END,
    ]
    (norm,) = machine.run(program, 0, sample)
    # 0.5 * 2 * row 3 + 0.25 * 2 * row 7
    assert (machine.state.vectors[4] / 2048).tolist() == [1.5, 0.0, 1.0, 0.0]
    assert math.isclose(scalar_to_float(norm), 1.5**2 + 1, rel_tol=2**-15)
    assert machine.state.counters[:2].tolist() == [3, 1]


@pytest.mark.parametrize(
    ("word", "reads", "writes"),
    [
        (Instruction(Op.MAC, source=Source.SAMPLE, init=1, n=20), 2, 0),
        (Instruction(Op.MAC, source=Source.SAMPLE, init=1, n=5), 1, 0),
        (Instruction(Op.MAC, source=Source.VECTOR, init=1, n=8, p2=0), 3, 0),
        (Instruction(Op.MAC, source=Source.CONST, init=1, n=4), 4, 0),
        (Instruction(Op.UPD, source=Source.VECTOR, n=8, p1=0, p2=0), 3, 3),
        (Instruction(Op.UPD, source=Source.ELEMENTS, n=6, p1=0, e=0), 1, 1),
        (Instruction(Op.ROWS, n=3, tiles=2, imm=3, p1=0, e=10), 6, 0),
        (Instruction(Op.LMAC, init=1, p2=0), TINY.group, 0),
        (Instruction(Op.LUPD, p1=0, p2=0), TINY.group, TINY.group),
        (Instruction(Op.RED, d=1, p1=0, tiles=2), 0, 0),
        (Instruction(Op.DOT, d=1, p1=0, p2=1, tiles=1), 0, 0),
        (Instruction(Op.MACV, init=1, p1=0), 0, 0),
        (Instruction(Op.MACVV, init=1, p1=0, p2=1), 0, 0),
        (Instruction(Op.NOISE, init=1), 0, 0),
        (Instruction(Op.SCAT, init=1, n=4, e=0), 0, 0),
        (Instruction(Op.ST, p1=3), 0, 0),
    ],
    ids=lambda value: value.op.name if isinstance(value, Instruction) else None,
)
def test_rows_read_and_written(word: Instruction, reads: int, writes: int) -> None:
    """Of two nonzero pixels, three nonzero vector elements, one nonzero element."""
    machine = Machine(TINY)
    machine.state.vectors[:2] = torch.tensor([[0, 7, -7, 0], [0, 0, 0, 9]])
    machine.state.elements[3] = 5
    machine.run([word, END], 0, Sample(torch.tensor([1, 5]), torch.tensor([128, 64]), 2))
    counted = dict(zip(COUNTED, machine.state.counters.tolist(), strict=True))
    assert (counted["row_reads"], counted["row_writes"]) == (reads, writes)


def test_residual() -> None:
    """Elements clipped to the range of a pixel, minus pixels: MAC and UPD see the differences, and skip zeros."""
    machine = Machine(TINY)
    one = 1 << TINY.weight.fraction
    elements = [-300, 400, 2041, 3000, -7, 0, 8, 1000]
    machine.state.elements[3:11] = torch.tensor(elements)
    sample = Sample(torch.tensor([1, 2, 4, 6, 7, 8]), torch.tensor([50, 255, 2, 2, 125, 9]), 0)
    errors = [0, 0, 0, 2040, -16, 0, -8, 0]  # clip(e, 0, 2040) - 8 p
    machine.state.weights[10:18] = torch.eye(8, 4, dtype=torch.int32).roll(3, 0) * one
    machine.state.vectors[0] = torch.tensor([2048, -2048, 4096, 0])
    generators = machine.state.generators.clone()
    program = [
        load(1, 1.0),
        Instruction(Op.MAC, source=Source.RESIDUAL, init=1, s=1, row=10, n=8, e=3),
        Instruction(Op.ST, p1=1),
        END,
    ]
    machine.run(program, 0, sample)
    assert machine.state.vectors[1].tolist() == errors[3:7]
    assert machine.state.counters[0] == 3  # busy with the three that are not 0
    assert torch.equal(machine.state.generators, generators)
    machine.run([Instruction(Op.UPD, source=Source.RESIDUAL, neg=1, s=1, row=30, n=8, e=3), END], 0, sample)
    expected = -torch.tensor(errors)[:, None] / 2048 * machine.state.vectors[0] / 2048
    assert torch.equal(machine.state.weights[30:38] / one, expected)
    assert machine.state.counters[0] == 6
    changed = machine.state.generators != generators
    assert changed[: TINY.lanes + 1].all()
    # Pixels from n on are not looked at.
    machine.run(
        [Instruction(Op.MAC, source=Source.RESIDUAL, init=1, s=1, row=10, n=4, e=3), program[2], END], 0, sample
    )
    assert machine.state.vectors[1].tolist() == [2040, 0, 0, 0]


def test_update_is_unbiased_and_uncorrelated() -> None:
    """Stochastic rounding: mean error zero in every lane, errors of different lanes independent."""
    machine = Machine(TINY)
    machine.state.seed(5)
    steps = 4000
    part = 0.3
    machine.state.vectors[0] = 2048
    program = [
        load(1, part / 2**TINY.weight.fraction),
        Instruction(Op.UPD, source=Source.CONST, fine=1, s=1, row=0, n=1, p1=0),
        END,
    ]
    values = torch.zeros(steps + 1, TINY.lanes)
    for step in range(steps):
        machine.run(program, 0, EMPTY)
        values[step + 1] = machine.state.weights[0]
    increments = values.diff(dim=0)
    assert set(increments.flatten().tolist()) == {0.0, 1.0}
    deviation = math.sqrt(part * (1 - part) / steps)
    assert (increments.mean(dim=0) - part).abs().max() < 4 * deviation
    correlation = torch.corrcoef(increments.T) - torch.eye(TINY.lanes)
    assert correlation.abs().max() < 4 / math.sqrt(steps)
    centred = increments - increments.mean(dim=0)
    serial = (centred[1:] * centred[:-1]).mean(dim=0) / centred.var(dim=0)
    assert serial.abs().max() < 4 / math.sqrt(steps)


def test_nearest_rounding_of_updates() -> None:
    """Of the product that is added, and of the operand before it: halves up, the same at every repetition."""
    machine = Machine(TINY, rounding="nearest")
    # Fine operands have 19 fraction bits, weights 11: a product of vector 1.0 and operand m is m / 256 weight units.
    machine.state.vectors[0] = torch.tensor([2048, -2048, 4096, 1024])
    cases = {
        127: [0, 0, 1, 0],  # 0.496, -0.496, 0.992, 0.248
        128: [1, 0, 1, 0],  # 0.5, -0.5, 1, 0.25
        129: [1, -1, 1, 0],  # 0.504, -0.504, 1.008, 0.252
        384: [2, -1, 3, 1],  # 1.5, -1.5, 3, 0.75
        # The operand is rounded first: 127.5 to 128, -127.5 to -127.
        127.5: [1, 0, 1, 0],
        -127.5: [0, 0, -1, 0],
    }
    for operand, expected in cases.items():
        for _ in range(3):
            machine.state.weights[5] = 40
            program = [load(1, operand / 2**19), Instruction(Op.UPD, source=Source.CONST, fine=1, s=1, row=5, n=1)]
            machine.run([*program, END], 0, EMPTY)
            assert (machine.state.weights[5] - 40).tolist() == expected, operand


def test_nearest_rounding_of_lateral_updates() -> None:
    machine = Machine(TINY, rounding="nearest")
    # LUPD cuts 11 + 19 - 11 = 19 bits: post * pre / 2^19, positive for the lane itself, where a weight is above 0.
    machine.state.vectors[0] = torch.tensor([512, 512, 512, 512])
    machine.state.vectors[1] = torch.tensor([512, 1536, 511, 513])
    machine.state.weights[7:9] = torch.tensor([[10, 10, 10, 10], [10, 10, 0, 10]])
    machine.run([Instruction(Op.LUPD, row=7, p1=0, p2=1), END], 0, EMPTY)
    # Row 7: 0.5, -0.5, 0.499, -0.499; row 8: -1.5, 1.5, (-0.501), 0.501.
    assert (machine.state.weights[7:9]).tolist() == [[11, 10, 10, 10], [9, 12, 0, 11]]


def test_noise_is_uniform() -> None:
    machine = Machine(TINY)
    machine.state.seed(1)
    program = [load(1, 1.0), Instruction(Op.NOISE, init=1, s=1), Instruction(Op.ST, p1=0), END]
    draws = []
    for _ in range(3000):
        machine.run(program, 0, EMPTY)
        draws.append(machine.state.vectors[0].clone())
    values = torch.stack(draws).float() / 2048
    assert values.min() < -0.99
    assert values.max() > 0.99
    assert values.mean(dim=0).abs().max() < 4 / math.sqrt(3 * 3000)
    assert (values.var(dim=0) - 1 / 3).abs().max() < 0.02


def test_transposed_product_through_rows_and_scatter() -> None:
    """Backprop's W d, and its way back into a vector register: the pieces later programs are made of."""
    machine = Machine(TINY)
    weights = torch.randint(-4000, 4000, (6, 4), generator=torch.Generator().manual_seed(1))
    machine.state.weights[10:16] = weights.int()
    delta = torch.tensor([700, -300, 0, 1500])
    machine.state.vectors[0] = delta
    program = [
        load(1, 0.5),
        load(2, 1.0),
        Instruction(Op.ROWS, init=1, s=1, row=10, n=6, p1=0, e=2, tiles=1, imm=6),
        Instruction(Op.SCAT, init=1, s=2, n=4, e=2),
        Instruction(Op.ST, p1=1),
        END,
    ]
    machine.run(program, 0, EMPTY)
    expected = weights[:4].double() @ delta.double() / 2**TINY.weight.fraction * 0.5
    assert (machine.state.vectors[1] - expected).abs().max() <= 1


def test_lateral_competition() -> None:
    machine = Machine(TINY)
    one = 1 << TINY.weight.fraction
    lateral = torch.tensor([[1, 2, 3, -4], [5, 6, 7, 8]]) * one // 8
    machine.state.weights[20:22] = lateral.int()
    activity = torch.tensor([1.0, 2.0, 0.5, 0.25])
    machine.state.vectors[0] = (activity * 2048).long()
    program = [
        Instruction(Op.LMAC, init=1, row=20, p2=0),
        Instruction(Op.ST, p1=1),
        END,
    ]
    machine.run(program, 0, EMPTY)
    positive = (lateral / one).clamp(min=0)
    expected = torch.tensor(
        [
            positive[0, 0] * 1 - positive[1, 0] * 2,
            -positive[0, 1] * 1 + positive[1, 1] * 2,
            positive[0, 2] * 0.5 - positive[1, 2] * 0.25,
            -positive[0, 3] * 0.5 + positive[1, 3] * 0.25,
        ]
    )
    assert torch.equal(machine.state.vectors[1] / 2048, expected)


def test_counter_leaves_the_program() -> None:
    with pytest.raises(ProgramError, match="left the program of 1 instructions: 1"):
        Machine(TINY).run([Instruction(Op.LAB, d=1)], 0, EMPTY)
