"""The pixel of every index, one a cycle, however the list is filled and whenever an index is taken."""

import random
from typing import Any

import pytest

from onward.hw.core.pixel_merge import PixelMerge
from tests.hw.core.core_bench import simulate

FIRST = 3
"""Cycles from the start until an index may be taken."""


class Bench:
    """A merge beside the memory that it reads."""

    def __init__(self) -> None:
        self.dut = PixelMerge()
        self.pixels: list[tuple[int, int]] = []

    async def tick(self, ctx: Any) -> None:
        """One cycle; the memory answers with rubbish behind the last pixel."""
        address = ctx.get(self.dut.address)
        await ctx.tick()
        index, value = self.pixels[address] if address < len(self.pixels) else (address, 99)
        ctx.set(self.dut.data, {"index": index, "value": value})
        ctx.set(self.dut.start, 0)
        ctx.set(self.dut.take, 0)

    def start(self, ctx: Any, image: list[int]) -> None:
        self.pixels = [(index, value) for index, value in enumerate(image) if value]
        ctx.set(self.dut.count, len(self.pixels))
        ctx.set(self.dut.start, 1)

    async def ready(self, ctx: Any) -> int:
        """Wait until an index may be taken; the cycles since the start."""
        cycles = 1
        while not ctx.get(self.dut.ready):
            await self.tick(ctx)
            cycles += 1
        await self.tick(ctx)
        return cycles

    def take(self, ctx: Any, index: int) -> None:
        ctx.set(self.dut.take, 1)
        ctx.set(self.dut.index, index)


@pytest.mark.parametrize("gaps", [0, 0.3, 0.8])
@pytest.mark.parametrize("density", [0, 0.1, 0.5, 0.9, 1])
def test_every_pixel_meets_its_index(density: float, gaps: float) -> None:
    """Walks of any length, left at any point; the next one may start while the last index is taken."""
    bench = Bench()
    rng = random.Random(f"{density} {gaps}")

    async def test(ctx: Any) -> None:
        for _ in range(12):
            image = [rng.randint(1, 255) * (rng.random() < density) for _ in range(rng.randint(1, 40))]
            length = rng.randint(1, len(image) + 5)
            padded = image + [0] * 5
            bench.start(ctx, image)
            assert await bench.ready(ctx) == FIRST
            for index in range(length):
                while rng.random() < gaps:
                    await bench.tick(ctx)
                    assert ctx.get(bench.dut.value) == 0
                bench.take(ctx, index)
                if index < length - 1:
                    await bench.tick(ctx)
                    assert ctx.get(bench.dut.value) == padded[index]
            bench.start(ctx, [200] * 7)
            await bench.tick(ctx)
            assert ctx.get(bench.dut.value) == padded[length - 1]
            await bench.ready(ctx)
            for index in range(rng.randint(0, 7)):
                bench.take(ctx, index)
                await bench.tick(ctx)
                assert ctx.get(bench.dut.value) == 200

    simulate(bench.dut, test)


@pytest.mark.parametrize("image", [[0] * 30, list(range(1, 31)), [0, 7] * 15], ids=["empty", "full", "half"])
def test_latency_and_rate(image: list[int]) -> None:
    bench = Bench()

    async def test(ctx: Any) -> None:
        bench.start(ctx, image)
        assert await bench.ready(ctx) == FIRST
        found = []
        for index in range(len(image)):
            bench.take(ctx, index)
            await bench.tick(ctx)
            found.append(ctx.get(bench.dut.value))
        assert found == image

    simulate(bench.dut, test)


def test_an_index_taken_too_early_is_noticed() -> None:
    bench = Bench()

    async def test(ctx: Any) -> None:
        bench.start(ctx, [5])
        await bench.tick(ctx)
        bench.take(ctx, 0)
        await bench.tick(ctx)

    with pytest.raises(AssertionError, match="before the next pixel is known"):
        simulate(bench.dut, test)
