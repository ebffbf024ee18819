"""The frame sender against zlib and the reference COBS implementation."""

from __future__ import annotations

import zlib

import pytest
from cobs import cobs
from hypothesis import given, settings
from hypothesis import strategies as st

from onward.hw.link.frame_sender import FrameSender

from .link_bench import Bench, put_packet, take, until

LONGEST = 600
BENCH = Bench(FrameSender(LONGEST))


def wire(reply: bytes) -> bytes:
    """What must come out."""
    return cobs.encode(reply + zlib.crc32(reply).to_bytes(4, "little")) + b"\0"


def send(replies: list[bytes], chance: float = 1.0) -> list[bytes]:
    """The frames that come out, one for each reply."""
    dut = BENCH.dut
    frames = []

    async def main(context):
        for number in range(len(replies)):
            frames.append(bytes(await take(context, dut.o, lambda seen: seen[-1:] == [0], chance, seed=number)))

    async def source(context):
        for number, reply in enumerate(replies):
            await put_packet(context, dut.i, reply, chance, seed=100 + number)

    BENCH.run(main, source)
    return frames


@pytest.mark.parametrize(
    "reply",
    [
        b"\0",
        b"\x85\x01\0",
        bytes(range(1, 251)),  # a full block ends with the checksum
        bytes(range(1, 255)),
        bytes(range(1, 256)),
        bytes(range(1, 255)) + b"\0",
        b"\0" * 300,
        b"\x01" * 508 + b"\0\x02",
        b"\x07" * LONGEST,
        b"\0" * LONGEST,
    ],
    ids=lambda reply: f"{len(reply)} bytes {reply[:2].hex()}",
)
def test_known_replies(reply):
    assert send([reply]) == [wire(reply)]


def test_full_block_at_the_end_is_not_followed_by_an_empty_one():
    """The one place where two encodings are legal: 254 bytes, none of them zero."""
    replies = [bytes([n]) * 250 for n in range(1, 60) if 0 not in zlib.crc32(bytes([n]) * 250).to_bytes(4, "little")]
    assert send(replies[:3]) == [wire(reply) for reply in replies[:3]]
    assert len(wire(replies[0])) == 1 + 254 + 1


runs = st.builds(lambda byte, count: bytes([byte]) * count, st.integers(0, 255), st.sampled_from([1, 2, 249, 250, 255]))
contents = st.lists(st.one_of(st.binary(min_size=1, max_size=20), runs), min_size=1, max_size=2).map(b"".join)


@settings(max_examples=20, deadline=None)
@given(st.lists(contents, min_size=1, max_size=3), st.sampled_from([1.0, 0.6]))
def test_any_replies(replies, chance):
    assert send(replies, chance) == [wire(reply) for reply in replies]


@pytest.mark.parametrize(("reply", "stalls"), [(b"\x81\x02\0\0\x05", 0), (b"\x01" * 254, 0), (b"\x01" * 255, 1)])
def test_latency_and_throughput(reply, stalls):
    dut = BENCH.dut

    async def main(context):
        context.set(dut.i.valid, 1)
        cycles = 0
        for place, byte in enumerate(reply):
            context.set(dut.i.payload, {"byte": byte, "last": place == len(reply) - 1})
            cycles += await until(context, dut.i.ready)
        assert cycles == stalls
        context.set(dut.i.valid, 0)
        context.set(dut.o.ready, 1)
        in_checksum = len(reply) == 254
        assert await until(context, dut.o.valid) == 7 - 1 + in_checksum
        for _ in wire(reply)[1:]:
            *_, valid, ready = await context.tick().sample(dut.o.valid, dut.i.ready)
            assert valid
            assert not ready
        await context.tick()
        assert context.get(dut.i.ready)
        assert not context.get(dut.o.valid)

    BENCH.run(main)
