"""The weight memory of a cluster, and its rule that a row is not read and written in one cycle."""

from dataclasses import replace
from typing import Any

import pytest

from onward.hw.core.weight_memory import WeightMemory
from onward.hw.spec.presets import PRESETS
from tests.hw.core.core_bench import simulate

CONFIG = PRESETS["tiny"]


def test_write_and_read_after_one_cycle() -> None:
    dut = WeightMemory(CONFIG, 3)

    async def bench(ctx: Any) -> None:
        values = {row: (row * 0x123457) & ((1 << 42) - 1) for row in range(CONFIG.rows)}
        ctx.set(dut.write, 1)
        for row, value in values.items():
            ctx.set(dut.write_row, row)
            ctx.set(dut.write_data, value)
            await ctx.tick()
        ctx.set(dut.write, 0)
        for row, value in values.items():
            ctx.set(dut.read, 1)
            ctx.set(dut.read_row, row)
            await ctx.tick()
            assert ctx.get(dut.read_data) == value
            ctx.set(dut.read, 0)
            ctx.set(dut.read_row, 0)
            await ctx.tick()
            assert ctx.get(dut.read_data) == value  # holds

    simulate(dut, bench)


@pytest.mark.parametrize(("memory", "row", "refused"), [("bram", 5, True), ("bram", 6, False), ("spram", 6, True)])
def test_conflicts_are_asserted(memory: str, row: int, refused: bool) -> None:
    dut = WeightMemory(replace(CONFIG, memory=memory), 3)  # type: ignore[arg-type]

    async def bench(ctx: Any) -> None:
        ctx.set(dut.read, 1)
        ctx.set(dut.write, 1)
        ctx.set(dut.read_row, 5)
        ctx.set(dut.write_row, row)
        for _ in range(3):
            await ctx.tick()

    if refused:
        with pytest.raises(AssertionError, match="read and written in one cycle"):
            simulate(dut, bench)
    else:
        simulate(dut, bench)
