"""Seeds on their way to the lanes: the steps that they become, those of a reset, and when they are accepted."""

from typing import Any

from onward.hw.core.lane_generator import SEED_STEPS, seed_steps
from onward.hw.core.lane_seeding import LaneSeeding
from tests.hw.core.core_bench import simulate


def test_a_reset_and_every_seed_become_steps() -> None:
    dut = LaneSeeding()

    async def steps(ctx: Any) -> list[dict[str, int]]:
        """What the lanes are told until a cycle without."""
        seen = []
        while ctx.get(dut.o.clear) or ctx.get(dut.o.step):
            assert ctx.get(dut.busy) and not ctx.get(dut.i.ready)
            seen.append({name: ctx.get(dut.o[name]) for name in ("clear", "step", "bit")})
            await ctx.tick()
        return seen

    async def bench(ctx: Any) -> None:
        ctx.set(dut.i.valid, 1)
        ctx.set(dut.i.payload, 0x9ABC_DEF1)
        # The first seed waits behind that of the reset, and is not taken with it.
        assert await steps(ctx) == seed_steps(0)
        assert not ctx.get(dut.i.ready) and not ctx.get(dut.busy)
        for seed in (0x9ABC_DEF1, 0, 0xFFFF_FFFF):
            ctx.set(dut.i.payload, seed)
            ctx.set(dut.i.valid, 1)
            await ctx.tick()
            found = await steps(ctx)
            assert found == seed_steps(seed) and len(found) == SEED_STEPS + 1
            assert ctx.get(dut.i.ready) and ctx.get(dut.busy)
            await ctx.tick()
            ctx.set(dut.i.valid, 0)
            assert not ctx.get(dut.busy) and not ctx.get(dut.i.ready)
            await ctx.tick().repeat(3)
            assert not ctx.get(dut.busy)

    simulate(dut, bench)
