"""Operands against the golden function: both formats, both roundings, every corner of the exponent."""

import random
from dataclasses import replace
from typing import Any

import pytest

from onward.hw.core.operand_unit import OperandUnit
from onward.hw.spec.presets import PRESETS
from onward.hw.spec.tables import generator_constant
from onward.sw.golden import scalar
from tests.hw.core.core_bench import simulate


def random_scalar(rng: random.Random) -> int:
    if rng.random() < 0.1:
        return 0
    exponent = rng.choice((rng.randint(-60, 10), rng.randint(-30, -8), -128, 127))
    return rng.getrandbits(1) << 24 | (exponent & 0xFF) << 16 | rng.randint(1 << 15, (1 << 16) - 1)


@pytest.mark.parametrize("bits", [16, 18])
def test_matches_golden(bits: int) -> None:
    config = replace(PRESETS["tiny"], operand_bits=bits)
    dut = OperandUnit(config)
    rng = random.Random(bits)

    async def bench(ctx: Any) -> None:
        state = generator_constant(config.lanes) | 1
        expected = []
        saturations = 0
        for number in range(3000):
            x = rng.choice((0, rng.randint(-32768, 32767), rng.randint(-50, 50), -32768))
            code = random_scalar(rng)
            neg, fine, stochastic = (rng.getrandbits(1) for _ in range(3))
            for port, value in (
                (dut.x, x),
                (dut.scale, code),
                (dut.neg, neg),
                (dut.fine, fine),
                (dut.stochastic, stochastic),
            ):
                ctx.set(port, value)
            if stochastic:
                state = scalar.xorshift32(state)
            form = config.fine_operand if fine else config.operand
            expected.append(scalar.operand(x, code, neg, form.fraction, form.bits, state if stochastic else None))
            await ctx.tick()
            if number >= dut.LATENCY - 1:
                wanted = expected[number - dut.LATENCY + 1]
                assert (ctx.get(dut.m), ctx.get(dut.saturated)) == wanted
                saturations += wanted[1]
        assert saturations > 100

    simulate(dut, bench)
