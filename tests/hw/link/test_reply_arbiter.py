"""Two sources of replies, one line out."""

from __future__ import annotations

import pytest

from onward.hw.link.reply_arbiter import ReplyArbiter

from .link_bench import Bench, put_packet, take, take_packet

BENCH = Bench(ReplyArbiter())


@pytest.mark.parametrize("chance", [1.0, 0.5])
def test_replies_never_mix(chance):
    dut = BENCH.dut
    packets = [[bytes([side]) * (1 + n % 5) for n in range(12)] for side in (1, 2)]

    async def main(context):
        seen = [await take_packet(context, dut.o, chance, seed=n) for n in range(24)]
        for side in (1, 2):
            assert [packet for packet in seen if packet[0] == side] == packets[side - 1]

    def source(side):
        async def run(context):
            for number, packet in enumerate(packets[side]):
                await put_packet(context, (dut.first, dut.second)[side], packet, chance, seed=10 * number + side)

        return run

    BENCH.run(main, source(0), source(1))


def test_first_goes_first_and_keeps_its_turn():
    dut = BENCH.dut

    async def main(context):
        for port in (dut.first, dut.second):
            context.set(port.valid, 1)
            context.set(port.payload, {"byte": 7, "last": 0})
        context.set(dut.o.ready, 1)
        assert not context.get(dut.first.ready)  # one cycle to choose
        await context.tick()
        for place in range(5):
            assert context.get(dut.first.ready)
            assert not context.get(dut.second.ready)
            assert context.get(dut.o.valid) == (place > 0)  # one cycle through the register, then one byte a cycle
            await context.tick()
        context.set(dut.first.payload, {"byte": 7, "last": 1})
        await context.tick()
        context.set(dut.first.valid, 0)
        assert context.get(dut.o.valid & dut.o.payload.last)
        await context.tick()
        assert not context.get(dut.o.valid)
        context.set(dut.first.valid, 1)
        assert context.get(dut.second.ready)
        assert not context.get(dut.first.ready)

    BENCH.run(main)


def test_a_choice_holds_while_nothing_is_taken():
    """The second source was first: the other one must not push in."""
    dut = BENCH.dut

    async def main(context):
        context.set(dut.second.valid, 1)
        context.set(dut.second.payload, {"byte": 2, "last": 1})
        await context.tick()
        context.set(dut.first.valid, 1)
        context.set(dut.first.payload, {"byte": 1, "last": 1})
        await context.tick()
        assert await take(context, dut.o, lambda items: len(items) == 1) == [{"byte": 2, "last": 1}]

    BENCH.run(main)


def test_last_means_nothing_while_nothing_is_offered():
    """A gap inside a reply does not end it, whatever its payload shows."""
    dut = BENCH.dut

    async def main(context):
        assert await take_packet(context, dut.o) == b"\x02\x02"
        assert await take_packet(context, dut.o) == b"\x01"

    async def second(context):
        context.set(dut.second.payload, {"byte": 2, "last": 0})
        context.set(dut.second.valid, 1)
        await context.tick().until(dut.second.ready)
        context.set(dut.second.valid, 0)
        context.set(dut.second.payload, {"byte": 9, "last": 1})
        for _ in range(5):
            await context.tick()
        context.set(dut.second.payload, {"byte": 2, "last": 1})
        context.set(dut.second.valid, 1)
        await context.tick().until(dut.second.ready)
        context.set(dut.second.valid, 0)

    async def first(context):
        await context.tick()
        await put_packet(context, dut.first, b"\x01")

    BENCH.run(main, second, first)
