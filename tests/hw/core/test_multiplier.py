"""The multiplier: products, how long they take, and how long they stay."""

from __future__ import annotations

import gc
import random

import pytest
from amaranth.sim import Simulator

from onward.hw.core.multiplier import Multiplier

pytestmark = pytest.mark.filterwarnings("ignore::amaranth.hdl.UnusedElaboratable")  # of the refused component


@pytest.mark.parametrize("cycles", [1, 2, 4, 8, 16])
def test_products_follow_one_another(cycles: int) -> None:
    dut = Multiplier(cycles)
    rng = random.Random(cycles)
    top = ((1 << 18) - 1, (1 << 16) - 1)
    factors = [top, (0, 0), (1 << 17, 1 << 15)] + [(rng.randrange(1 << 18), rng.randrange(1 << 16)) for _ in range(50)]

    async def testbench(ctx) -> None:
        ctx.set(dut.take_left, 1)
        ctx.set(dut.take_right, 1)
        previous = None
        for left, right in factors:
            ctx.set(dut.left, left)
            ctx.set(dut.right, right)
            await ctx.tick()
            ctx.set(dut.take_left, 0)
            ctx.set(dut.take_right, 0)
            for waited in range(cycles):
                assert ctx.get(dut.busy) == (waited < cycles - 1)
                if previous is not None:
                    assert ctx.get(dut.product) == previous  # still there while the next one is made
                if waited == cycles - 1:
                    ctx.set(dut.take_left, 1)
                    ctx.set(dut.take_right, 1)
                else:
                    await ctx.tick()
            previous = left * right
        await ctx.tick()
        assert ctx.get(dut.product) == previous

    simulator = Simulator(dut)
    simulator.add_clock(1e-6)
    simulator.add_testbench(testbench)
    simulator.run()


def test_refuses_what_does_not_divide() -> None:
    with pytest.raises(ValueError, match="cycles"):
        Multiplier(3)
    gc.collect()
