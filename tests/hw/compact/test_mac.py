"""The multipliers as they behave off the iCE40; ``tests/sim/cells`` compares them with the hard blocks."""

import random
from collections.abc import Awaitable, Callable
from typing import Any

import pytest
from amaranth.back import rtlil
from amaranth.lib import wiring
from amaranth.sim import Simulator

from onward.hw.compact.mac import Accumulator, SignedProduct, UnsignedProduct, is_ice40


def simulate(dut: wiring.Component, bench: Callable[[Any], Awaitable[None]]) -> None:
    simulator = Simulator(dut)
    simulator.add_clock(1e-6)
    simulator.add_testbench(bench)
    simulator.run()


def test_factors_are_kept_until_others_are_taken() -> None:
    dut = UnsignedProduct()
    rng = random.Random(1)

    async def bench(ctx: Any) -> None:
        a = b = 0
        for _ in range(100):
            new_a, new_b, take_a, take_b = (rng.choice((0, 1, 0x8000, 0xFFFF)) for _ in range(4))
            ctx.set(dut.a, new_a)
            ctx.set(dut.b, new_b)
            ctx.set(dut.take_a, take_a & 1)
            ctx.set(dut.take_b, take_b & 1)
            await ctx.tick()
            a, b = new_a if take_a & 1 else a, new_b if take_b & 1 else b
            ctx.set(dut.take_a, 0)
            ctx.set(dut.take_b, 0)
            await ctx.tick()
            assert ctx.get(dut.o) == a * b

    simulate(dut, bench)


@pytest.mark.parametrize("a, b", [(-32768, -32768), (-32768, 32767), (32767, 32767), (-1, -1)])
def test_a_sum_starts_and_wraps(a: int, b: int) -> None:
    dut = Accumulator()

    async def bench(ctx: Any) -> None:
        ctx.set(dut.a, a)
        ctx.set(dut.b, b)
        ctx.set(dut.start, 0x8001FFFF)
        ctx.set(dut.load, 1)
        await ctx.tick()
        ctx.set(dut.load, 0)
        ctx.set(dut.add, 1)
        await ctx.tick().repeat(5)
        ctx.set(dut.add, 0)
        await ctx.tick().repeat(3)
        assert ctx.get(dut.o) == (0x8001FFFF + 5 * a * b) % (1 << 32)

    simulate(dut, bench)


@pytest.mark.parametrize("negate", (0, 1))
def test_the_second_factor_has_no_sign(negate: int) -> None:
    dut = SignedProduct()

    async def bench(ctx: Any) -> None:
        ctx.set(dut.a, -32768)
        ctx.set(dut.b, 0xFFFF)
        ctx.set(dut.negate, negate)
        await ctx.tick().repeat(2)
        assert ctx.get(dut.o) == (32768 if negate else -32768) * 0xFFFF

    simulate(dut, bench)


class _Device:
    device = "iCE40UP5K"

    def get_io_buffer(self, buffer: object) -> object:
        return buffer


@pytest.mark.parametrize("part", (Accumulator, SignedProduct, UnsignedProduct))
def test_an_ice40_gets_one_hard_block_each(part: type[wiring.Component]) -> None:
    assert is_ice40(_Device()) and not is_ice40(None)
    text = rtlil.convert(part(), platform=_Device())
    assert text.count("cell \\SB_MAC16") == 1 and "$mul" not in text
    assert "$mul" in rtlil.convert(part())
