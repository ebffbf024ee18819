"""Noise and gain errors: their statistics, and which instructions they touch."""

from dataclasses import replace

import pytest
import torch
from torch import Tensor

from onward.hw.spec.formats import scalar_from_float
from onward.hw.spec.isa import Instruction, Op, Source
from onward.hw.spec.presets import PRESETS
from onward.sw.golden.device import Device
from onward.sw.golden.imperfection import Imperfection
from onward.sw.golden.machine import Machine
from onward.sw.golden.sample import Sample

TINY = PRESETS["tiny"]
WIDE = replace(TINY, lanes=1024, group=1)
ONE = 1 << TINY.weight.fraction
EMPTY = Sample(torch.tensor([], dtype=torch.int64), torch.tensor([], dtype=torch.int64), 0)


def test_ideal_device_gives_codes_as_they_are() -> None:
    device = Device(TINY, Imperfection(seed=3))
    row = torch.tensor([5, -6, 8191, 0], dtype=torch.int32)
    assert device.read(row).tolist() == [5, -6, 8191, 0]
    assert device.gain(torch.tensor([7, -8, 9, 0])).tolist() == [7, -8, 9, 0]
    assert device.fraction == 0
    assert device.arrays() is None


@pytest.mark.parametrize("noise", [0.0002, 0.05, 2.0])
def test_noise_has_the_deviation_asked_for(noise: float) -> None:
    """Mean 0 at every read; reads and lanes independent. The smallest is less than half of a weight's last bit."""
    device = Device(WIDE, Imperfection(read_noise=noise))
    row = torch.full((1024,), 3 * ONE, dtype=torch.int32)
    reads = torch.stack([device.read(row) for _ in range(500)]).double() / (ONE << device.fraction) - 3
    assert reads.std().item() == pytest.approx(noise, rel=0.01)
    assert abs(reads.mean().item()) < 5 * noise / reads.numel() ** 0.5
    for pairs in ((reads[1:], reads[:-1]), (reads[:, 1:], reads[:, :-1])):
        assert abs((pairs[0] * pairs[1]).mean().item()) < 5 * noise**2 / reads.numel() ** 0.5


def test_gains_have_the_deviation_asked_for_and_stay() -> None:
    devices = [Device(WIDE, Imperfection(gain_error=0.2, seed=seed)) for seed in (0, 1, 2, 0)]
    gains = torch.stack([device.gain(torch.full((1024,), 1 << 20)) for device in devices]) / (1 << 20) - 1
    for each in gains:
        assert each.std().item() == pytest.approx(0.2, rel=0.1)
        assert abs(each.mean().item()) < 0.03
    assert torch.equal(gains[0], gains[3])
    # Devices of neighbouring seeds have nothing in common.
    assert torch.corrcoef(gains[:3]).fill_diagonal_(0).abs().max() < 0.15
    row = torch.full((1024,), 1000, dtype=torch.int32)
    assert torch.equal(devices[0].read(row), devices[0].read(row))


def test_a_gain_is_never_negative() -> None:
    gains = Device(WIDE, Imperfection(gain_error=1.0)).gain(torch.full((1024,), 1 << 20))
    assert gains.min() == 0
    assert (gains == 0).float().mean() == pytest.approx(0.16, abs=0.04)


def seen_by(word: Instruction, imperfection: Imperfection) -> tuple[Tensor, Tensor, Tensor]:
    """Accumulators, element 9 and the row 10 after an instruction on weights, vectors and elements around 1."""
    machine = Machine(TINY, imperfection=imperfection)
    machine.state.weights[:] = ONE
    machine.state.vectors[:] = torch.tensor([2048, 2000, 2500, 1024])
    machine.state.elements[:] = 2048
    program = [Instruction(Op.LDI, d=1, imm=scalar_from_float(0.125)), word, Instruction(Op.END)]
    machine.run(program, 0, EMPTY)
    return machine.state.accumulators, machine.state.elements[9], machine.state.weights[10]


@pytest.mark.parametrize(
    ("word", "noisy", "gained"),
    [
        (Instruction(Op.MAC, source=Source.CONST, init=1, s=1, row=10, n=2), True, True),
        (Instruction(Op.LMAC, init=1, row=10, p2=0), True, True),
        (Instruction(Op.ROWS, init=1, s=1, row=10, n=1, tiles=1, p1=0, e=9), True, True),
        (Instruction(Op.UPD, source=Source.CONST, s=1, row=10, n=1, p1=0), False, True),
        (Instruction(Op.LUPD, row=10, p1=0, p2=1), False, True),
        (Instruction(Op.MACV, init=1, s=1, p1=0), False, False),
        (Instruction(Op.MACVV, init=1, p1=0, p2=1), False, False),
        (Instruction(Op.SCAT, init=1, s=1, n=4), False, False),
        (Instruction(Op.NOISE, init=1, s=1), False, False),
    ],
    ids=lambda value: value.op.name if isinstance(value, Instruction) else None,
)
def test_what_is_touched(word: Instruction, noisy: bool, gained: bool) -> None:
    ideal = seen_by(word, Imperfection())
    for imperfection, touched in ((Imperfection(0.1), noisy), (Imperfection(0, 0.2), gained)):
        seen = seen_by(word, imperfection)
        assert any(not torch.equal(a, b) for a, b in zip(seen, ideal, strict=True)) == touched


def test_reading_a_row_leaves_it_and_the_core_generators_alone() -> None:
    machine = Machine(TINY, imperfection=Imperfection(0.5, 0.5))
    machine.state.weights[:] = ONE
    generators = machine.state.generators.clone()
    machine.run([Instruction(Op.MAC, source=Source.CONST, init=1, s=1, row=10, n=4), Instruction(Op.END)], 0, EMPTY)
    assert (machine.state.weights == ONE).all()
    assert torch.equal(machine.state.generators, generators)


def test_gain_of_every_product_of_a_lane() -> None:
    """Lane by lane the same factor, forward, backward and in an update: what was learnt with it fits it."""
    imperfection = Imperfection(0, 0.2, seed=4)
    gains = Device(TINY, imperfection).gain(torch.full((4,), 1 << 20)) / (1 << 20)
    forward = seen_by(Instruction(Op.MAC, source=Source.CONST, init=1, s=1, row=10, n=1), imperfection)[0]
    scale = 1 << TINY.accumulator_fraction
    assert torch.allclose(forward / scale, 0.125 * gains, atol=1e-3)
    back = seen_by(Instruction(Op.ROWS, init=1, s=1, row=10, n=1, tiles=1, p1=0, e=9), imperfection)[1]
    vector = torch.tensor([2048, 2000, 2500, 1024]) / 2048
    assert back.item() / 2048 == pytest.approx(0.125 * (gains * vector).sum().item(), abs=1e-3)
    updated = seen_by(Instruction(Op.UPD, source=Source.CONST, s=1, row=10, n=1, p1=0), imperfection)[2]
    assert torch.allclose(updated / ONE, 1 + 0.125 * gains * vector, atol=1e-3)
