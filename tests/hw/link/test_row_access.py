"""Rows: lanes in, lanes out."""

from __future__ import annotations

import pytest

from onward.hw.core.host_port import AccessKind
from onward.hw.link.row_access import RowAccess, RowTask
from onward.hw.spec.config import CoreConfig
from onward.hw.spec.presets import PRESETS

from .link_bench import Bench, collect, put, put_packet, take_packet, until


def config(weight_bits: int, lanes: int = 3) -> CoreConfig:
    return CoreConfig(
        name="rows", inputs=4, hidden=(4,), classes=2, lanes=lanes, rows=64, group=1, weight_bits=weight_bits
    )


BENCHES = {bits: Bench(RowAccess(config(bits))) for bits in (8, 14, 16)}


def packed(values: list[int]) -> bytes:
    return b"".join(value.to_bytes(2, "little", signed=True) for value in values)


async def start(context, dut, task, row=0):
    context.set(dut.task, task)
    context.set(dut.row, row)
    context.set(dut.start, 1)
    await context.tick()
    context.set(dut.start, 0)


def check(bits: int, values: list[int]) -> bool:
    bench = BENCHES[bits]
    accesses: list = []
    fits = []

    async def main(context):
        await start(context, bench.dut, RowTask.CHECK)
        *_, found = await context.tick().sample(bench.dut.fits).until(bench.dut.done)
        fits.append(found)

    async def source(context):
        await context.tick()
        await put_packet(context, bench.dut.i, packed(values))

    bench.run(main, source, collect(bench.dut.access, accesses))
    assert accesses == []
    return bool(fits[0])


@pytest.mark.parametrize("bits", [8, 14, 16])
def test_check_knows_the_weight_format(bits):
    top = (1 << (bits - 1)) - 1
    assert check(bits, [top, 0, -top - 1])
    if bits < 16:
        for place in range(3):
            for wrong in (top + 1, -top - 2, 32767, -32768):
                values = [1, -1, 5]
                values[place] = wrong
                assert not check(bits, values), f"{wrong} in lane {place}"
    assert check(bits, [0, -1, 1])


def test_a_check_does_not_wait_for_a_compact_core():
    """Such a core is not ready before it has been asked, and a check asks it nothing."""
    compact = PRESETS["icebreaker-compact"]
    bench = Bench(RowAccess(compact))

    async def main(context):
        context.set(bench.dut.access.ready, 0)
        await start(context, bench.dut, RowTask.CHECK)
        assert await until(context, bench.dut.done) < 3 * compact.lanes

    async def source(context):
        await put_packet(context, bench.dut.i, packed([0] * compact.lanes))

    bench.run(main, source)


@pytest.mark.parametrize("chance", [1.0, 0.4])
def test_write(chance):
    bench = BENCHES[14]
    dut = bench.dut
    accesses: list = []
    values = [-8192, 8191, -1]

    async def main(context):
        for row in (5, 0xABCDE):
            await start(context, dut, RowTask.WRITE, row)
            cycles = await until(context, dut.done)
            assert chance < 1 or cycles == 2 * 3 + 1 - 1

    async def source(context):
        await context.tick()
        for seed in range(2):
            await put_packet(context, dut.i, packed(values), chance, seed)

    bench.run(main, source, collect(dut.access, accesses, chance, seed=7))
    steps = [(item["kind"], item["row"], item["lane"], item["value"]) for item in accesses]
    loads = [(AccessKind.LOAD_LANE, lane, value) for lane, value in enumerate(values)]
    for row, part in ((5, steps[:4]), (0xABCDE, steps[4:])):
        assert [(kind, lane, value) for kind, _, lane, value in part[:3]] == loads
        assert part[3][:2] == (AccessKind.STORE_ROW, row)


@pytest.mark.parametrize("chance", [1.0, 0.4])
@pytest.mark.parametrize(
    ("task", "kind"), [(RowTask.READ_WEIGHTS, AccessKind.READ_WEIGHT), (RowTask.READ_VECTORS, AccessKind.READ_VECTOR)]
)
def test_read(task, kind, chance):
    bench = BENCHES[14]
    dut = bench.dut
    accesses: list = []
    values = [-8192, 8191, -1]

    async def main(context):
        for _ in range(2):
            await start(context, dut, task, row=77)
            assert await take_packet(context, dut.o, chance, seed=3) == packed(values)

    async def core(context):
        for number, value in enumerate(values * 2):
            while len(accesses) <= number:  # no answer before its question
                await context.tick()
            await put(context, dut.answer, [value], chance, seed=4 + number)

    bench.run(main, core, collect(dut.access, accesses, chance, seed=5))
    assert [(item["kind"], item["row"], item["lane"]) for item in accesses] == [(kind, 77, n) for n in range(3)] * 2


def test_throughput_of_reads():
    bench = BENCHES[14]
    dut = bench.dut

    async def main(context):
        context.set(dut.o.ready, 1)
        context.set(dut.access.ready, 1)
        context.set(dut.answer.valid, 1)
        await start(context, dut, RowTask.READ_WEIGHTS)
        assert await until(context, dut.done) == 2 * 3 - 1

    bench.run(main)
