"""LOAD_PROGRAM's items: 16 bytes make a word."""

from __future__ import annotations

import random

import pytest
from amaranth.hdl import Cat, Module
from amaranth.lib import wiring

from onward.hw.link.program_loader import ProgramLoader

from .link_bench import Bench, put_packet, take, until


class Harness(wiring.Component):
    """A loader with its owner's register of the last 16 bytes."""

    def __init__(self) -> None:
        self.loader = ProgramLoader()
        super().__init__({})

    def elaborate(self, platform):
        m = Module()
        m.submodules.loader = loader = self.loader
        with m.If(loader.i.valid & loader.i.ready):
            m.d.sync += loader.word.eq(Cat(loader.word[8:], loader.i.payload.byte))
        return m


BENCH = Bench(Harness())


@pytest.mark.parametrize("chance", [1.0, 0.4])
@pytest.mark.parametrize(("address", "count"), [(0, 1), (7, 3), (4094, 2)])
def test_words_go_to_ascending_addresses(address, count, chance):
    dut = BENCH.dut.loader
    rng = random.Random(count)
    words = [rng.getrandbits(128) for _ in range(count)]
    packet = b"".join(word.to_bytes(16, "little") for word in words)

    async def main(context):
        for _ in range(2):  # it can be started again
            context.set(dut.address, address)
            context.set(dut.start, 1)
            await context.tick()
            context.set(dut.start, 0)
            context.set(dut.address, 0)
            seen = await take(context, dut.o, lambda items: len(items) == count, chance, seed=3)
            assert seen == [{"address": address + n, "word": word} for n, word in enumerate(words)]

    async def source(context):
        await put_packet(context, dut.i, packet, chance, seed=4)
        await put_packet(context, dut.i, packet, chance, seed=5)

    BENCH.run(main, source)


def test_throughput_and_done():
    dut = BENCH.dut.loader

    async def main(context):
        context.set(dut.start, 1)
        await context.tick()
        context.set(dut.start, 0)
        context.set(dut.o.ready, 1)
        assert await until(context, dut.done) == 3 * 17 - 1
        for _ in range(5):
            *_, ready, valid = await context.tick().sample(dut.i.ready, dut.o.valid)
            assert not ready
            assert not valid

    async def source(context):
        await put_packet(context, dut.i, bytes(48))

    BENCH.run(main, source)
