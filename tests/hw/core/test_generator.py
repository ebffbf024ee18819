"""The random generator against its definition."""

from typing import Any

import pytest

from onward.hw.core.generator import Generator
from onward.hw.spec.tables import generator_constant
from tests.hw.core.core_bench import check_generator, simulate


@pytest.mark.parametrize("index", [0, 1, 129])
def test_steps_only_on_request_and_restarts(index: int) -> None:
    dut = Generator(index)

    async def bench(ctx: Any) -> None:
        state = generator_constant(index) | 1
        for seed in (None, 0, 0x1234_5678, generator_constant(index)):
            if seed is not None:
                ctx.set(dut.seed, seed)
                ctx.set(dut.seed_valid, 1)
                ctx.set(dut.step, 1)
                await ctx.tick()
                ctx.set(dut.seed_valid, 0)
                state = (generator_constant(index) ^ seed) | 1
            await check_generator(ctx, dut, state, cycles=40)

    simulate(dut, bench)
