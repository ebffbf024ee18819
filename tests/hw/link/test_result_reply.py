"""Results become replies, in the order of their commands."""

from __future__ import annotations

import random
import struct

import pytest

from onward.hw.link.result_reply import ResultReply
from onward.hw.spec.protocol import Status

from .link_bench import Bench, put, take_packet, until

BENCH = Bench(ResultReply())


def results_task(runs: list[list[int]], chance: float):
    """A core that ends one program after the other; results change as soon as ``done`` was accepted."""
    dut = BENCH.dut

    async def run(context):
        rng = random.Random(8)
        for results in runs:
            while rng.random() >= chance:
                await context.tick()
            banks[context.get(dut.bank)] = results
            context.set(dut.done.payload, {"count": len(results), "overrun": 0})
            context.set(dut.done.valid, 1)
            accepted = False
            while not accepted:
                *_, address, accepted = await context.tick().sample(dut.address, dut.done.valid & dut.done.ready)
                show(context, address)
            context.set(dut.done.valid, 0)

    banks: list[list[int]] = [[], []]

    def show(context, address):
        words = banks[address.bank]
        context.set(dut.data, words[address.word] if address.word < len(words) else 0xDEADBEEF)

    return run


@pytest.mark.parametrize("chance", [1.0, 0.5])
def test_replies_in_order(chance):
    dut = BENCH.dut
    rng = random.Random(3)
    commands = [{"run": n % 3 == 0, "sequence": 200 + n} for n in range(8)]
    runs = [[rng.getrandbits(32) for _ in range(length)] for length in (0, 1, 256, 2, 0, 3, 5, 1)]

    async def main(context):
        for command, results in zip(commands, runs, strict=True):
            head = bytes((0x86 if command["run"] else 0x85, command["sequence"], 0))
            expected = head + struct.pack(f"<{len(results)}I", *results)
            assert await take_packet(context, dut.o, chance, seed=len(results)) == expected

    async def source(context):
        await put(context, dut.i, commands, chance, seed=2)

    BENCH.run(main, source, results_task(runs, chance))


def test_holds_two_commands_and_no_more():
    dut = BENCH.dut

    async def main(context):
        await put(context, dut.i, [{"run": 0, "sequence": 1}, {"run": 1, "sequence": 2}])
        assert not context.get(dut.i.ready)
        context.set(dut.done.valid, 1)
        assert (await take_packet(context, dut.o))[:2] == b"\x85\x01"
        assert context.get(dut.i.ready)
        assert (await take_packet(context, dut.o))[:2] == b"\x86\x02"

    BENCH.run(main)


@pytest.mark.parametrize("held", [1, 2])
def test_command_comes_in_the_cycle_in_which_another_is_answered(held):
    dut = BENCH.dut

    async def main(context):
        await put(context, dut.i, [{"run": 0, "sequence": 1 + n} for n in range(held)])
        context.set(dut.done.valid, 1)
        context.set(dut.o.ready, 1)
        for _ in range(3):  # up to the last byte of the reply to the first command
            await context.tick()
        assert context.get(dut.done.ready)
        context.set(dut.i.valid, 1)
        context.set(dut.i.payload, {"run": 1, "sequence": 99})
        *_, ready = await context.tick().sample(dut.i.ready)
        assert ready == (held == 1)
        context.set(dut.o.ready, 0)
        if not ready:
            await context.tick()
        context.set(dut.i.valid, 0)
        for sequence in [*range(2, held + 1), 99]:
            packet = await take_packet(context, dut.o)
            assert packet[-2:] == bytes((sequence, 0))

    BENCH.run(main)


@pytest.mark.parametrize("chance", [1.0, 0.5])
def test_kept_results_come_again_as_often_as_asked(chance):
    """Even and odd numbers have a place each: the reply to the command before the last one can be had again, too."""
    dut = BENCH.dut
    rng = random.Random(5)
    results = [[rng.getrandbits(32) for _ in range(length)] for length in (3, 0, 5, 1)]

    async def main(context):
        banks: dict[int, list[int]] = {}

        async def packet() -> bytes:
            seen = bytearray()
            while True:
                context.set(dut.o.ready, rng.random() < chance)
                *_, address, valid, item, ready, done, again = await context.tick().sample(
                    *(dut.address, dut.o.valid, dut.o.payload, dut.o.ready, dut.done.ready, dut.again.ready)
                )
                words = banks.get(address.bank, [])
                context.set(dut.data, words[address.word] if address.word < len(words) else 0xDEADBEEF)
                if valid and ready:
                    seen.append(item.byte)
                    if item.last:
                        assert (done, again) == (context.get(dut.done.valid), context.get(dut.again.valid))
                        context.set(dut.done.valid, 0)
                        context.set(dut.again.valid, 0)
                        return bytes(seen)
                assert not done and not again

        def wanted(number: int) -> bytes:
            words = results[number]
            return bytes((0x85 + number % 2, 254 + number & 0xFF, 0)) + struct.pack(f"<{len(words)}I", *words)

        for number, words in enumerate(results):
            command = {"run": number % 2, "sequence": 254 + number & 0xFF}
            await put(context, dut.i, [command])
            context.set(dut.again.payload, command)
            assert context.get(dut.pending)
            banks[context.get(dut.bank)] = words
            context.set(dut.done.payload, {"count": len(words), "overrun": 0})
            context.set(dut.done.valid, 1)
            assert await packet() == wanted(number)
            await context.tick()
            assert not context.get(dut.pending)
            for earlier in rng.choices([number, max(0, number - 1)], k=4):
                context.set(dut.again.payload, {"run": earlier % 2, "sequence": 254 + earlier & 0xFF})
                assert not context.get(dut.pending)
                context.set(dut.again.valid, 1)
                assert await packet() == wanted(earlier)

    BENCH.run(main)


def test_pending():
    """Of the last two commands, those that have not been answered."""
    dut = BENCH.dut

    async def main(context):
        def pending() -> list[int]:
            found = []
            for sequence in (6, 7):
                context.set(dut.again.payload.sequence, sequence)
                found.append(context.get(dut.pending))
            return found

        assert pending() == [0, 0]
        await put(context, dut.i, [{"run": 0, "sequence": 7}])
        assert pending() == [0, 1]
        await put(context, dut.i, [{"run": 0, "sequence": 8}])
        assert pending() == [1, 1]
        context.set(dut.done.valid, 1)
        await take_packet(context, dut.o)
        assert pending() == [1, 0]
        await take_packet(context, dut.o)
        assert pending() == [0, 0]

    BENCH.run(main)


@pytest.mark.parametrize("count", [0, 3])
def test_overrun_has_a_status_and_no_results(count):
    dut = BENCH.dut

    async def main(context):
        await put(context, dut.i, [{"run": 0, "sequence": 1}])
        context.set(dut.done.payload, {"count": count, "overrun": 1})
        context.set(dut.done.valid, 1)
        assert await take_packet(context, dut.o) == bytes((0x85, 1, Status.OVERRUN))
        context.set(dut.done.valid, 0)
        context.set(dut.again.payload, {"run": 0, "sequence": 1})
        context.set(dut.again.valid, 1)
        assert await take_packet(context, dut.o) == bytes((0x85, 1, Status.OVERRUN))

    BENCH.run(main)


def test_done_is_accepted_with_the_last_byte():
    dut = BENCH.dut

    async def main(context):
        await put(context, dut.i, [{"run": 0, "sequence": 1}])
        context.set(dut.done.payload.count, 1)
        context.set(dut.done.valid, 1)
        for byte in range(7):
            await until(context, dut.o.valid)
            assert not context.get(dut.done.ready)
            context.set(dut.o.ready, 1)
            *_, accepted, last = await context.tick().sample(dut.done.ready, dut.o.payload.last)
            context.set(dut.o.ready, 0)
            assert accepted == last == (byte == 6)

    BENCH.run(main)


@pytest.mark.parametrize("count", [0, 1, 4])
def test_throughput(count):
    dut = BENCH.dut

    async def main(context):
        await put(context, dut.i, [{"run": 0, "sequence": 1}])
        context.set(dut.done.payload.count, count)
        context.set(dut.done.valid, 1)
        context.set(dut.o.ready, 1)
        assert await until(context, dut.done.ready) == 4 + 5 * count - 1 - (count > 0)

    BENCH.run(main)
