"""When the watchdog is late, and for how long."""

from __future__ import annotations

from typing import Any

import pytest

from onward.hw.core.watchdog import Watchdog
from tests.hw.core.core_bench import simulate


@pytest.mark.parametrize("cycles", [2, 5, 8, 9])
def test_late_from_its_cycle_to_the_next_start(cycles: int) -> None:
    dut = Watchdog(cycles)

    async def late_after(ctx: Any) -> int:
        ctx.set(dut.start, 1)
        await ctx.tick()
        ctx.set(dut.start, 0)
        count = 0
        while not ctx.get(dut.late):
            await ctx.tick()
            count += 1
        return count

    async def bench(ctx: Any) -> None:
        assert await late_after(ctx) == cycles
        await ctx.tick().repeat(3 * cycles)
        assert ctx.get(dut.late)
        assert await late_after(ctx) == cycles
        # A start in time puts it off.
        for _ in range(3):
            ctx.set(dut.start, 1)
            await ctx.tick()
            ctx.set(dut.start, 0)
            await ctx.tick().repeat(cycles - 1)
            assert not ctx.get(dut.late)

    simulate(dut, bench)
