"""IDENTIFY and COUNTERS on a compact core: the same bytes, from a ring."""

from __future__ import annotations

import struct

import pytest

from onward.hw.core.host_port import RING_BYTES
from onward.hw.link.report_source import identity
from onward.hw.link.ring_report import RingReport
from onward.hw.spec.presets import PRESETS
from onward.hw.spec.protocol import COUNTERS

from .link_bench import Bench, take_report, until

COMPACT = PRESETS["icebreaker-compact"]
BENCH = Bench(RingReport(COMPACT))


def ring(counters: dict[str, int]) -> list[int]:
    return [byte for name in COUNTERS for byte in counters[name].to_bytes(RING_BYTES[name], "little")]


@pytest.mark.parametrize("chance", [1.0, 0.5])
def test_identity(chance):
    async def main(context):
        for following in (0, 255, 77):
            context.set(BENCH.dut.following, following)
            assert await take_report(context, BENCH.dut, 0, chance) == identity(COMPACT) + bytes((following,))

    BENCH.run(main)


@pytest.mark.parametrize("chance", [1.0, 0.5])
def test_counters_are_whole_rounds(chance):
    counters = {name: (1 << 8 * RING_BYTES[name]) - 1 - 0x010203 * number for number, name in enumerate(COUNTERS)}
    bytes_of = ring(counters)

    async def turn(context):
        while True:
            context.set(BENCH.dut.ring_byte, bytes_of[0])
            *_, following = await context.tick().sample(BENCH.dut.ring_next)
            if following:
                bytes_of.append(bytes_of.pop(0))

    async def main(context):
        for _ in range(2):
            assert await take_report(context, BENCH.dut, 1, chance) == struct.pack(
                "<9Q", *(counters[name] for name in COUNTERS)
            )
            assert bytes_of == ring(counters)
        assert await take_report(context, BENCH.dut, 0, chance) == identity(COMPACT) + b"\0"
        assert bytes_of == ring(counters)

    BENCH.run(main, turn)


def test_throughput():
    dut = BENCH.dut

    async def main(context):
        context.set(dut.o.ready, 1)
        for count, length in ((0, 22), (1, 9 * 8)):
            context.set(dut.count, count)
            context.set(dut.start, 1)
            await context.tick()
            context.set(dut.start, 0)
            assert await until(context, dut.o.valid) == 0
            assert await until(context, dut.o.valid & dut.o.payload.last) == length - 2

    BENCH.run(main)
