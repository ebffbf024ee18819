"""The two sample slots: one is read while the other is filled."""

import random
from typing import Any

from onward.hw.core.sample_buffer import SampleBuffer
from onward.hw.spec.presets import PRESETS
from tests.hw.core.core_bench import simulate

CONFIG = PRESETS["tiny"]


def test_samples_in_turn() -> None:
    dut = SampleBuffer(CONFIG)
    rng = random.Random(1)

    async def fill(ctx: Any, pixels: list[tuple[int, int]], entry: int, label: int) -> None:
        assert ctx.get(dut.slot_free)
        ctx.set(dut.begin, 1)
        await ctx.tick()
        ctx.set(dut.begin, 0)
        for index, value in pixels:
            ctx.set(dut.pixel.payload, {"index": index, "value": value})
            ctx.set(dut.pixel.valid, 1)
            await ctx.tick()
        ctx.set(dut.pixel.valid, 0)
        ctx.set(dut.tail.payload, {"entry": entry, "label": label})
        ctx.set(dut.tail.valid, 1)
        await ctx.tick()
        ctx.set(dut.tail.valid, 0)
        assert ctx.get(dut.waiting)
        assert not ctx.get(dut.slot_free)
        assert ctx.get(dut.entry) == entry

    async def check(ctx: Any, pixels: list[tuple[int, int]], label: int) -> None:
        assert ctx.get(dut.count) == len(pixels)
        assert ctx.get(dut.norm) == sum(value * value for _, value in pixels)
        assert ctx.get(dut.label) == label
        for address, (index, value) in enumerate(pixels):
            ctx.set(dut.address, address)
            await ctx.tick()
            assert (ctx.get(dut.data.index), ctx.get(dut.data.value)) == (index, value)

    async def bench(ctx: Any) -> None:
        current: tuple[list[tuple[int, int]], int] = ([], 0)
        for number in range(12):
            size = rng.choice((0, 1, CONFIG.inputs, rng.randrange(CONFIG.inputs)))
            places = sorted(rng.sample(range(CONFIG.inputs), size))
            pixels = [(place, rng.randint(1, 255)) for place in places]
            await fill(ctx, pixels, number, number % 3)
            await check(ctx, *current)
            ctx.set(dut.advance, 1)
            await ctx.tick()
            ctx.set(dut.advance, 0)
            current = (pixels, number % 3)
            await check(ctx, *current)
        ctx.set(dut.reset, 1)
        await ctx.tick()
        ctx.set(dut.reset, 0)
        await check(ctx, [], 0)
        assert ctx.get(dut.slot_free)

    simulate(dut, bench)
