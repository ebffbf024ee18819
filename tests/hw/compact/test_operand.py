"""Operands are those of the golden functions."""

import random
from typing import Any

from amaranth.sim import Simulator

from onward.hw.compact.operand import CompactOperand
from onward.hw.spec.config import CoreConfig
from onward.hw.spec.formats import ELEMENT, pack_scalar
from onward.sw.golden import scalar
from tests.hw.compact.test_core import SMALL


def expected(
    config: CoreConfig, x: int, exponent: int, magnitude: int, neg: int, random32: int | None
) -> tuple[int, bool]:
    form = config.operand
    code = pack_scalar(0, exponent, magnitude)
    return scalar.operand(x, code, neg, form.fraction, form.bits, random32)


def test_operands() -> None:
    dut = CompactOperand(SMALL)
    rng = random.Random(1)
    cases = []
    for _ in range(300):
        magnitude = rng.choice((0, 0x8000, 0xFFFF, rng.randrange(0x8000, 0x10000)))
        x = rng.choice((-32768, 32767, 1, -1, rng.randrange(-32768, 32768), rng.randrange(-2048, 2048))) or 1
        cases.append((x, rng.randint(-60, 10), magnitude, rng.randrange(2), rng.randrange(2)))

    async def bench(ctx: Any) -> None:
        for x, exponent, magnitude, neg, stochastic in cases:
            shift = ELEMENT.fraction - SMALL.operand.fraction - exponent
            ctx.set(dut.x, x)
            ctx.set(dut.magnitude, magnitude)
            ctx.set(dut.negate, neg)
            ctx.set(dut.shift, shift % 64 if 0 <= shift <= 40 else 0)
            ctx.set(dut.tiny, shift > 40)
            ctx.set(dut.huge, shift < 0)
            ctx.set(dut.stochastic, stochastic)
            seed = rng.randrange(1 << 32)
            await ctx.tick().repeat(2)
            ctx.set(dut.seed, seed)
            ctx.set(dut.seed_valid, 1)
            await ctx.tick()
            ctx.set(dut.seed_valid, 0)
            ctx.set(dut.step, stochastic)
            await ctx.tick()
            ctx.set(dut.step, 0)
            await ctx.tick().repeat(dut.LATENCY)
            constant = _constant(seed)
            drawn = scalar.xorshift32(constant) if stochastic else None
            found = (ctx.get(dut.m), bool(ctx.get(dut.saturated)))
            assert found == expected(SMALL, x, exponent, magnitude, neg, drawn), (x, exponent, magnitude, neg)

    simulator = Simulator(dut)
    simulator.add_clock(1e-6)
    simulator.add_testbench(bench)
    simulator.run()


def _constant(seed: int) -> int:
    from onward.hw.spec.tables import generator_constant

    return (generator_constant(SMALL.lanes) ^ seed) | 1
