"""The checksum against zlib."""

from __future__ import annotations

import zlib

from hypothesis import given, settings
from hypothesis import strategies as st

from onward.hw.link.crc32 import Crc32

from .link_bench import Bench

BENCH = Bench(Crc32())


async def feed(context, message: bytes) -> None:
    context.set(BENCH.dut.i.valid, 1)
    for byte in message:
        context.set(BENCH.dut.i.payload, byte)
        await context.tick()
    context.set(BENCH.dut.i.valid, 0)


@settings(max_examples=20, deadline=None)
@given(st.lists(st.binary(max_size=40), min_size=1, max_size=4))
def test_any_messages_one_after_the_other(messages):
    async def main(context):
        for message in messages:
            context.set(BENCH.dut.clear, 1)
            await context.tick()
            context.set(BENCH.dut.clear, 0)
            await feed(context, message)
            checksum = zlib.crc32(message)
            assert context.get(BENCH.dut.crc) == checksum  # one cycle after the last byte
            await feed(context, checksum.to_bytes(4, "little"))
            assert context.get(BENCH.dut.match)
            await feed(context, b"\0")
            assert not context.get(BENCH.dut.match)

    BENCH.run(main)


def test_any_flipped_bit_is_seen():
    good = b"onward" + zlib.crc32(b"onward").to_bytes(4, "little")

    async def main(context):
        for bit in range(8 * len(good)):
            context.set(BENCH.dut.clear, 1)
            await context.tick()
            context.set(BENCH.dut.clear, 0)
            await feed(context, (int.from_bytes(good, "little") ^ 1 << bit).to_bytes(len(good), "little"))
            assert not context.get(BENCH.dut.match), f"bit {bit}"

    BENCH.run(main)


def test_checksum_shifts_itself_out():
    """Feeding back the complement of the low byte brings the next one down."""
    message = b"\x05\x07 some message"

    async def main(context):
        await feed(context, message)
        sent = []
        for _ in range(4):
            low = context.get(BENCH.dut.crc) & 0xFF
            sent.append(low)
            await feed(context, bytes([low ^ 0xFF]))
        assert bytes(sent) == zlib.crc32(message).to_bytes(4, "little")

    BENCH.run(main)


def test_a_byte_beside_clear_is_forgotten():
    async def main(context):
        await feed(context, b"rubbish")
        context.set(BENCH.dut.clear, 1)
        await feed(context, b"x")
        context.set(BENCH.dut.clear, 0)
        await feed(context, b"onward")
        assert context.get(BENCH.dut.crc) == zlib.crc32(b"onward")

    BENCH.run(main)
