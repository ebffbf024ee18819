"""The lanes' random generator against its definition, with every way to a state."""

import random
from typing import Any

import pytest

from onward.hw.core.lane_generator import SEED_STEPS, LaneGenerator, seed_steps
from onward.hw.spec.tables import generator_constant
from tests.hw.core.core_bench import check_generator, simulate


@pytest.mark.parametrize("index", [0, 1, 127])
def test_a_seed_leads_to_its_state_and_steps_are_xorshift(index: int) -> None:
    dut, rng = LaneGenerator(index), random.Random(index)
    seeds = [0, 1, 0xFFFF_FFFF, generator_constant(index), *(1 << bit for bit in range(32))]
    seeds += [rng.getrandbits(32) for _ in range(10)]

    async def bench(ctx: Any) -> None:
        for seed in seeds:
            steps = seed_steps(seed)
            assert len(steps) == SEED_STEPS + 1
            for step in steps:
                ctx.set(dut.seed, step)
                await ctx.tick()
            ctx.set(dut.seed, {"clear": 0, "step": 0, "bit": 0})
            state = (generator_constant(index) ^ seed) | 1
            await check_generator(ctx, dut, state, cycles=10)

    simulate(dut, bench)
