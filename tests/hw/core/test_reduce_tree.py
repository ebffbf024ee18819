"""The adder tree: exact sums, one a cycle, at the stated latency."""

import random
from typing import Any

import pytest

from onward.hw.core.reduce_tree import ReduceTree
from tests.hw.core.core_bench import simulate


@pytest.mark.parametrize("count", [1, 2, 3, 4, 5, 15, 16, 17])
def test_sums(count: int) -> None:
    dut = ReduceTree(count, 7)
    rng = random.Random(count)

    async def bench(ctx: Any) -> None:
        rows = [[rng.randint(-64, 63) for _ in range(count)] for _ in range(30)]
        rows[3] = [-64] * count
        found = []
        for row in rows + [[0] * count] * dut.latency:
            for port, value in zip(dut.i, row, strict=True):
                ctx.set(port, value)
            await ctx.delay(1e-8)
            found.append(ctx.get(dut.o))
            await ctx.tick()
        assert found[dut.latency :] == [sum(row) for row in rows]

    # A tree of one number has no register, and so no clock of its own.
    if count == 1:
        assert dut.latency == 0
        return
    assert dut.latency == {2: 1, 3: 1, 4: 1, 5: 2, 15: 2, 16: 2, 17: 3}[count]
    simulate(dut, bench)
