"""Scaling into vector format against the golden ``to_fixed(mul(a, b))``: values, latency, throughput."""

from __future__ import annotations

import random

from amaranth.back import verilog
from amaranth.sim import Simulator

from onward.hw.core.scalar_to_fixed import ScalarToFixed
from onward.hw.spec.formats import pack_scalar
from onward.sw.golden.scalar import LARGEST, ONE, mul, to_fixed


def stimulus() -> list[tuple[int, int]]:
    """Pairs whose product is around the vector format's range, and pairs of anything."""
    rng = random.Random(1)

    def scalar(low: int, high: int) -> int:
        magnitude = rng.choice([1 << 15, (1 << 16) - 1] + [rng.randrange(1 << 15, 1 << 16)] * 2)
        return pack_scalar(rng.randrange(2), rng.randrange(low, high), magnitude)

    minus = 1 << 24
    pairs = [(0, 0), (0, LARGEST), (LARGEST | minus, 0), (LARGEST, LARGEST | minus), (ONE, ONE | minus)]
    pairs += [(pack_scalar(0, -128, 1 << 15), pack_scalar(1, -128, 1 << 15))]
    pairs += [(pack_scalar(rng.randrange(2), -11, 1 << 15), ONE | sign) for sign in (0, minus) for _ in range(4)]
    for _ in range(1500):
        first = rng.randrange(-60, 60)
        pairs.append((scalar(first, first + 1), scalar(-48 - first, -20 - first)))
    pairs += [(scalar(-128, 128), scalar(-128, 128)) for _ in range(500)]
    return pairs


def test_equals_golden_after_the_latency() -> None:
    dut = ScalarToFixed()
    pairs = stimulus()
    outputs = []

    async def testbench(ctx) -> None:
        for a, b in pairs + [(0, 0)] * ScalarToFixed.LATENCY:
            ctx.set(dut.a, a)
            ctx.set(dut.b, b)
            outputs.append((ctx.get(dut.o), bool(ctx.get(dut.saturated))))
            await ctx.tick()

    simulator = Simulator(dut)
    simulator.add_clock(1e-6)
    simulator.add_testbench(testbench)
    simulator.run()
    expected = [to_fixed(mul(a, b), 11, 16) for a, b in pairs]
    assert outputs[ScalarToFixed.LATENCY :] == expected
    assert 100 < sum(saturated for _, saturated in expected) < 1500
    assert sum(value not in (0, 32767, -32768) for value, _ in expected) > 500


def test_converts_to_verilog() -> None:
    assert "module" in verilog.convert(ScalarToFixed())
