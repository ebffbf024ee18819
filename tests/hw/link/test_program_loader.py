"""LOAD_PROGRAM's items: bytes make words, words instructions."""

from __future__ import annotations

import random

import pytest
from amaranth.hdl import Cat, Module
from amaranth.lib import wiring

from onward.hw.link.program_loader import ProgramLoader

from .link_bench import Bench, put_packet, take, until


class Harness(wiring.Component):
    """A loader with its owner's register of the last bytes."""

    def __init__(self, word_bits: int) -> None:
        self.loader = ProgramLoader(word_bits)
        super().__init__({})

    def elaborate(self, platform):
        m = Module()
        m.submodules.loader = loader = self.loader
        with m.If(loader.i.valid & loader.i.ready):
            m.d.sync += loader.word.eq(Cat(loader.word[8:], loader.i.payload.byte))
        return m


BENCHES = {word_bits: Bench(Harness(word_bits)) for word_bits in (16, 128)}


@pytest.mark.parametrize("word_bits", BENCHES)
@pytest.mark.parametrize("chance", [1.0, 0.4])
@pytest.mark.parametrize(("address", "count"), [(0, 1), (7, 3), (4094, 2)])
def test_words_go_to_ascending_addresses(address, count, chance, word_bits):
    bench = BENCHES[word_bits]
    dut = bench.dut.loader
    parts = 128 // word_bits
    rng = random.Random(count)
    words = [rng.getrandbits(word_bits) for _ in range(count * parts)]
    packet = b"".join(word.to_bytes(word_bits // 8, "little") for word in words)

    async def main(context):
        for _ in range(2):  # it can be started again
            context.set(dut.address, address)
            context.set(dut.start, 1)
            await context.tick()
            context.set(dut.start, 0)
            context.set(dut.address, 0)
            seen = await take(context, dut.o, lambda items: len(items) == count * parts, chance, seed=3)
            assert seen == [{"address": address + n // parts, "word": word} for n, word in enumerate(words)]

    async def source(context):
        await put_packet(context, dut.i, packet, chance, seed=4)
        await put_packet(context, dut.i, packet, chance, seed=5)

    bench.run(main, source)


@pytest.mark.parametrize("word_bits", BENCHES)
def test_throughput_and_done(word_bits):
    bench = BENCHES[word_bits]
    dut = bench.dut.loader

    async def main(context):
        context.set(dut.start, 1)
        await context.tick()
        context.set(dut.start, 0)
        context.set(dut.o.ready, 1)
        assert await until(context, dut.done) == 3 * (16 + 128 // word_bits) - 1
        for _ in range(5):
            *_, ready, valid = await context.tick().sample(dut.i.ready, dut.o.valid)
            assert not ready
            assert not valid

    async def source(context):
        await put_packet(context, dut.i, bytes(48))

    bench.run(main, source)
