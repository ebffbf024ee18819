"""IDENTIFY and COUNTERS: the bytes of their answers."""

from __future__ import annotations

import struct

import pytest

from onward.hw.link.report_source import ReportSource
from onward.hw.spec.presets import PRESETS
from onward.hw.spec.protocol import VERSION

from .link_bench import Bench, take_report, until

TINY = PRESETS["tiny"]
BENCH = Bench(ReportSource(TINY))


@pytest.mark.parametrize("chance", [1.0, 0.5])
def test_identity(chance):
    expected = struct.pack("<B", VERSION) + bytes.fromhex(TINY.digest) + struct.pack("<HIHHH", 4, 96, 32, 512, 20)

    async def main(context):
        for following in (0, 255, 77):
            context.set(BENCH.dut.following, following)
            assert await take_report(context, BENCH.dut, 0, chance) == expected + bytes((following,))

    BENCH.run(main)


@pytest.mark.parametrize("chance", [1.0, 0.5])
def test_counters(chance):
    counters = [0, 1, 0xFFFF_FFFF_FFFF, 0x0102_0304_0506, 1 << 47, 255, 256, 65535, 3]

    async def main(context):
        context.set(BENCH.dut.counters, counters)
        for _ in range(2):
            assert await take_report(context, BENCH.dut, 1, chance) == struct.pack("<9Q", *counters)
        assert (await take_report(context, BENCH.dut, 0))[0] == VERSION

    BENCH.run(main)


@pytest.mark.parametrize("start", range(0xFFFFF0, 0x1000001))
def test_a_counter_is_never_torn(start):
    """A carry through all bytes while the counter is sent must not mix old bytes with new ones."""
    now = [start]

    async def count(context):
        while True:
            context.set(BENCH.dut.counters, [now[0]] * 9)
            await context.tick()
            now[0] += 1

    async def main(context):
        values = struct.unpack("<9Q", await take_report(context, BENCH.dut, 1, chance=0.7))
        assert all(start <= value <= now[0] for value in values)
        assert sorted(values) == list(values)

    BENCH.run(main, count)


def test_latency_and_throughput():
    dut = BENCH.dut

    async def main(context):
        context.set(dut.o.ready, 1)
        for count, latency, length in ((0, 2, 2 * 22 - 1), (1, 3, 9 * 16 - 1)):
            context.set(dut.count, count)
            context.set(dut.start, 1)
            await context.tick()
            context.set(dut.start, 0)
            assert await until(context, dut.o.valid) == latency - 1
            assert await until(context, dut.o.valid & dut.o.payload.last) == length - 2

    BENCH.run(main)
