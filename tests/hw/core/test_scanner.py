"""The scanner: all nonzero elements in order, none else, one a cycle."""

import random
from dataclasses import replace
from typing import Any

import pytest

from onward.hw.core.scanner import Scanner
from onward.hw.spec.presets import PRESETS
from tests.hw.core.core_bench import simulate

TINY = PRESETS["tiny"]


@pytest.mark.parametrize("lanes", [1, 4, 16, 18, 40])
def test_random_masks(lanes: int) -> None:
    config = replace(TINY, lanes=lanes, group=1, vectors=8)
    dut = Scanner(config)
    rng = random.Random(lanes)

    async def bench(ctx: Any) -> None:
        masks = [rng.getrandbits(lanes) & rng.getrandbits(lanes) for _ in range(8)]
        masks[2] = 0
        masks[3] = (1 << lanes) - 1
        for word, mask in enumerate(masks):
            ctx.set(dut.write, 1)
            ctx.set(dut.write_word, word)
            ctx.set(dut.mask, mask)
            await ctx.tick()
        ctx.set(dut.write, 0)
        for _ in range(30):
            first = rng.randrange(8)
            count = rng.randint(0, (8 - first) * lanes)
            vector = sum(mask << (index * lanes) for index, mask in enumerate(masks[first:]))
            expected = [offset for offset in range(count) if vector >> offset & 1]
            ctx.set(dut.start, 1)
            ctx.set(dut.word, first)
            ctx.set(dut.count, count)
            await ctx.tick()
            ctx.set(dut.start, 0)
            found = []
            cycles = 0
            patience = rng.choice((0, 0.4))
            while ctx.get(dut.busy):
                ready = rng.random() >= patience
                ctx.set(dut.ready, ready)
                if ready and ctx.get(dut.valid):
                    offset = ctx.get(dut.offset)
                    place = (ctx.get(dut.o_word) - first) * lanes
                    place += ctx.get(dut.cluster) * config.cluster_lanes + ctx.get(dut.lane)
                    assert place == offset
                    found.append(offset)
                await ctx.tick()
                cycles += 1
            assert found == expected
            if patience == 0 and lanes == 40:
                words = -(-count // lanes)
                assert cycles <= len(expected) + 3 * words + 3

    simulate(dut, bench)


def test_latency_and_rate() -> None:
    dut = Scanner(replace(TINY, lanes=16, group=1, vectors=2))

    async def bench(ctx: Any) -> None:
        ctx.set(dut.write, 1)
        ctx.set(dut.mask, 0xFFFF)
        await ctx.tick()
        ctx.set(dut.write, 0)
        ctx.set(dut.start, 1)
        ctx.set(dut.count, 16)
        ctx.set(dut.ready, 1)
        await ctx.tick()
        ctx.set(dut.start, 0)
        seen = []
        for cycle in range(1, 25):
            if ctx.get(dut.valid):
                seen.append(cycle)
            await ctx.tick()
        assert seen == list(range(4, 20))

    simulate(dut, bench)
