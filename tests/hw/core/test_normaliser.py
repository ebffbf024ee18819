"""The normaliser against the golden ``float``: values, latency, throughput."""

from __future__ import annotations

import gc
import random

import pytest
from amaranth.back import verilog
from amaranth.sim import Simulator

from onward.hw.core.normaliser import Normaliser
from onward.sw.golden.scalar import from_int

pytestmark = pytest.mark.filterwarnings("ignore::amaranth.hdl.UnusedElaboratable")  # of refused components


def stimulus(bits: int, count: int) -> list[int]:
    """Numbers of every length, and the extremes."""
    rng = random.Random(bits)
    numbers = [0, 1, -1, (1 << (bits - 1)) - 1, -(1 << (bits - 1))]
    numbers += [(1 << position) >> 1 for position in range(bits)] + [-((1 << position) - 1) for position in range(bits)]
    while len(numbers) < count:
        length = rng.randrange(1, bits + 1)
        numbers.append(rng.randrange(-(1 << length) // 2, (1 << length) // 2))
    return numbers


@pytest.mark.parametrize(("bits", "fraction"), [(56, 40), (41, 22), (33, 16), (24, 22), (16, 11), (10, 0), (2, -3)])
def test_equals_golden_after_the_latency(bits: int, fraction: int) -> None:
    dut = Normaliser(bits, fraction)
    numbers = stimulus(bits, 400)
    outputs = []

    async def testbench(ctx) -> None:
        for number in numbers + [0] * Normaliser.LATENCY:
            ctx.set(dut.i, number)
            outputs.append(ctx.get(dut.o))
            await ctx.tick()

    simulator = Simulator(dut)
    simulator.add_clock(1e-6)
    simulator.add_testbench(testbench)
    simulator.run()
    assert outputs[Normaliser.LATENCY :] == [from_int(number, fraction) for number in numbers]


def test_refuses_what_no_scalar_can_hold() -> None:
    with pytest.raises(ValueError, match="bits"):
        Normaliser(57, 0)
    with pytest.raises(ValueError, match="fraction"):
        Normaliser(32, 114)
    with pytest.raises(ValueError, match="fraction"):
        Normaliser(32, -112)
    gc.collect()


def test_converts_to_verilog() -> None:
    assert "module" in verilog.convert(Normaliser(40, 22))
