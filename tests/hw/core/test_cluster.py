"""A cluster of lanes: the data paths and their latencies, one micro-operation at a time."""

from dataclasses import replace
from typing import Any

import pytest

from onward.hw.core.cluster import Cluster
from onward.hw.core.uop import OPERAND_STAGE, PRODUCT_STAGE, X, Y
from onward.hw.spec.formats import ELEMENT
from onward.hw.spec.isa import Store
from onward.hw.spec.presets import PRESETS
from tests.hw.core.core_bench import simulate

CONFIG = replace(PRESETS["tiny"], lanes=16, group=2)
LANES = 5
FIRST = 3 * CONFIG.group
ONE = 1 << CONFIG.operand.fraction


class Host:
    """Issues micro-operations to a cluster whose first lane has number ``FIRST``."""

    def __init__(self, ctx: Any, dut: Cluster) -> None:
        self.ctx, self.dut = ctx, dut

    async def start(self, flags: dict[str, int], **fields: int) -> None:
        """The row that it multiplies, and in the next cycle the micro-operation itself."""
        if flags.get("x") == X.WEIGHT:
            self.ctx.set(self.dut.weight_read, {"valid": 1, "row": fields["row"]})
            await self.ctx.tick()
            self.ctx.set(self.dut.weight_read, {"valid": 0})
        self.ctx.set(self.dut.uop, {"valid": 1, "flags": flags, **fields})
        await self.ctx.tick()
        self.ctx.set(self.dut.uop, {"valid": 0})

    async def issue(self, flags: dict[str, int], wait: int = 12, **fields: int) -> None:
        await self.start(flags, **fields)
        for _ in range(wait):
            await self.ctx.tick()

    async def load(self, values: list[int], fraction: int) -> None:
        """The accumulators: vector-format one times each value."""
        for lane, value in enumerate(values):
            flags = {"x": X.ONE, "y": Y.MASKED, "accumulate": 1, "init": lane == 0}
            await self.issue(flags, lane=FIRST + lane, m=value << fraction, wait=0)

    async def reduce(self, x: X, y: Y, **fields: int) -> int:
        """A sum, read exactly at its latency."""
        await self.start({"x": x, "y": y, "reduce": 1}, **fields)
        await self.ctx.tick().repeat(PRODUCT_STAGE - OPERAND_STAGE - 1 + self.dut.reduce_latency)
        return self.ctx.get(self.dut.sum)  # type: ignore[no-any-return]


def test_store_reduce_update_and_scan() -> None:
    dut = Cluster(CONFIG, FIRST, LANES)

    async def bench(ctx: Any) -> None:
        host = Host(ctx, dut)
        # A word: 1.0 times -1, 0, 2, -3, 4, through relu
        values = [-1, 0, 2, -3, 4]
        await host.load(values, CONFIG.operand.fraction)
        await host.issue({"store": 1, "function": Store.RELU}, p1=5)
        relu = [max(0, value) << 11 for value in values]
        assert await host.reduce(X.VECTOR, Y.SECOND, p1=5, p2=5) == sum(value * value for value in relu)
        for lane, value in enumerate(relu):
            ctx.set(dut.scan_valid, 1)
            ctx.set(dut.scan_word, 5)
            ctx.set(dut.scan_lane, lane)
            await ctx.tick()
            ctx.set(dut.scan_valid, 0)
            await ctx.tick().repeat(2)
            assert ctx.get(dut.scan_value) == value

        # A row from the host, read back lane by lane, then multiplied with the word
        row = [100, -200, 8191, -8192, 5]
        await host.load(row, 0)
        await host.issue({"store_row": 1}, row=40)
        for lane, weight in enumerate(row):
            assert await host.reduce(X.WEIGHT, Y.MASKED, row=40, lane=FIRST + lane, m=1) == weight
        dot = sum(weight * value for weight, value in zip(row, relu, strict=True))
        assert await host.reduce(X.WEIGHT, Y.SECOND, row=40, p2=5) == dot

        # An update by whole units: stochastic rounding has nothing to round. Lane 2 saturates.
        m = ONE * 3 >> 4
        await host.start({"x": X.VECTOR, "y": Y.OPERAND, "update": 1}, row=40, p1=5, m=m)
        await ctx.tick().repeat(7)
        assert ctx.get(dut.row_saturated) == 1
        await ctx.tick().repeat(4)
        scale = 2**CONFIG.weight.fraction * 3 // 16
        expected = [min(8191, weight + scale * (value >> 11)) for weight, value in zip(row, relu, strict=True)]
        for lane, weight in enumerate(expected):
            assert await host.reduce(X.WEIGHT, Y.MASKED, row=40, lane=FIRST + lane, m=1) == weight

    simulate(dut, bench)


def test_lateral_signs() -> None:
    dut = Cluster(CONFIG, FIRST, LANES - 1)

    async def bench(ctx: Any) -> None:
        host = Host(ctx, dut)
        await host.load([1, 2, 3, 4], CONFIG.operand.fraction)
        await host.issue({"store": 1}, p1=1)
        await host.load([10, -20, 30, 40], 0)
        await host.issue({"store_row": 1}, row=9)
        flags = {"x": X.WEIGHT, "y": Y.GROUP, "accumulate": 1, "init": 1, "lateral": 1}
        await host.issue(flags, row=9, p2=1, member=1)
        await host.issue({"store": 1}, p1=2)
        # Member 1 of each pair: excites itself, inhibits its neighbour; negative weights are none.
        fraction = CONFIG.weight.fraction
        expected = [-10 * 2, 0, -30 * 4, 40 * 4]
        for lane, value in enumerate(expected):
            assert await host.reduce(X.VECTOR, Y.MASKED, p1=2, lane=FIRST + lane, m=1) == value << (11 - fraction)

    simulate(dut, bench)


@pytest.mark.parametrize("bits", [16, 18])
def test_the_negative_of_the_smallest_element(bits: int) -> None:
    config = replace(CONFIG, operand_bits=bits)
    dut = Cluster(config, FIRST, 2)

    async def bench(ctx: Any) -> None:
        host = Host(ctx, dut)
        flags = {"x": X.ONE, "y": Y.MASKED, "accumulate": 1}
        times = (ELEMENT.min << config.operand.fraction - ELEMENT.fraction) // config.operand.min
        for number in range(times):
            await host.issue({**flags, "init": number == 0}, lane=FIRST, m=config.operand.min, wait=0)
        await host.issue({"store": 1}, p1=1)
        assert await host.reduce(X.VECTOR, Y.MASKED, p1=1, lane=FIRST, m=1) == ELEMENT.min
        await host.load([100, 100], 0)
        await host.issue({"store_row": 1}, row=9)
        lateral = {"x": X.WEIGHT, "y": Y.GROUP, "accumulate": 1, "init": 1, "lateral": 1}
        await host.issue(lateral, row=9, p2=1, member=0)
        await host.issue({"store": 1}, p1=2)
        shift = config.weight.fraction
        for lane, sign in enumerate((1, -1)):
            stored = await host.reduce(X.VECTOR, Y.MASKED, p1=2, lane=FIRST + lane, m=1)
            assert stored == sign * 100 * ELEMENT.min >> shift

    simulate(dut, bench)


def test_saturation_begins_below_what_rounds_to_the_smallest_element() -> None:
    dut = Cluster(CONFIG, FIRST, 1)
    unit = 1 << (CONFIG.operand.fraction - ELEMENT.fraction)

    async def told(ctx: Any, total: int) -> int:
        """Store an accumulator, put together of numbers in an operand's range."""
        host = Host(ctx, dut)
        flags = {"x": X.ONE, "y": Y.OPERAND, "accumulate": 1, "product": 1}
        for part in range(4):
            await host.issue({**flags, "init": part == 0}, m=(total + part) // 4, wait=0)
        await host.issue({"store": 1}, p1=1, wait=6)
        return ctx.get(dut.word_saturated)  # type: ignore[no-any-return]

    async def bench(ctx: Any) -> None:
        smallest, largest = ELEMENT.min * unit, ELEMENT.max * unit
        assert not await told(ctx, smallest - unit // 2)
        assert await told(ctx, smallest - unit // 2 - 1)
        assert not await told(ctx, largest + unit // 2 - 1)
        assert await told(ctx, largest + unit // 2)

    simulate(dut, bench)
