"""Instruction fetch: in order, one a cycle, nothing lost or repeated under back-pressure and jumps."""

import random
from typing import Any

from onward.hw.core.fetch import Fetch
from onward.hw.spec.presets import PRESETS
from tests.hw.core.core_bench import simulate

CONFIG = PRESETS["tiny"]


def test_order_under_back_pressure_and_jumps() -> None:
    dut = Fetch(CONFIG)
    rng = random.Random(2)

    async def bench(ctx: Any) -> None:
        for address in range(64):
            ctx.set(dut.write, 1)
            ctx.set(dut.write_address, address)
            ctx.set(dut.write_word, address * 3 + 1)
            await ctx.tick()
        ctx.set(dut.write, 0)
        await ctx.tick().repeat(3)
        assert not ctx.get(dut.o.valid)
        for turn in range(20):
            address = rng.randrange(32)
            ctx.set(dut.jump, 1)
            ctx.set(dut.target, address)
            ctx.set(dut.o.ready, 0)
            await ctx.tick()
            ctx.set(dut.jump, 0)
            gap = 0
            for _ in range(20):
                ready = turn % 2 == 0 or rng.random() < 0.5
                ctx.set(dut.o.ready, ready)
                if ctx.get(dut.o.valid):
                    assert ctx.get(dut.o.payload) == address * 3 + 1
                    address += ready
                else:
                    gap += 1
                await ctx.tick()
            assert gap == 3
        ctx.set(dut.stop, 1)
        await ctx.tick()
        ctx.set(dut.stop, 0)
        await ctx.tick().repeat(4)
        assert not ctx.get(dut.o.valid)

    simulate(dut, bench)
