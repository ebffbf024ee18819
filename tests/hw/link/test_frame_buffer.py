"""The frame buffer: whole, checked frames, byte by byte, twice if asked."""

from __future__ import annotations

import zlib

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from onward.hw.link.frame_buffer import FrameBuffer
from onward.hw.spec.presets import PRESETS
from onward.hw.spec.protocol import max_payload

from .link_bench import Bench, put, take, take_packet

TINY = PRESETS["tiny"]
LONGEST = max_payload(TINY)
BENCH = Bench(FrameBuffer(TINY))
END = {"byte": 0, "end": 1, "error": 0}
BAD = {"bad": 1, "command": 0, "sequence": 0}


def frame(payload: bytes, command: int = 3, sequence: int = 0xA5) -> bytes:
    """Content of a frame, with its checksum."""
    body = bytes((command, sequence)) + payload
    return body + zlib.crc32(body).to_bytes(4, "little")


def decoded(content: bytes, *, error: bool = False) -> list[dict[str, int]]:
    """The same as the decoder hands it over."""
    return [{"byte": byte, "end": 0, "error": 0} for byte in content] + [END | {"error": int(error)}]


def receive(items: list[dict[str, int]], frames: int, chance: float = 1.0, *, twice: bool = False) -> list:
    """(header, payload) of each frame; (header, None) of a bad one."""
    dut = BENCH.dut
    received = []

    async def main(context):
        for number in range(frames):
            context.set(dut.o.ready, 0)
            *_, header = await context.tick().sample(dut.o.payload).until(dut.o.valid)
            found = {name: header[name] for name in ("bad", "command", "sequence")}
            payload = None
            if not header.bad:
                payload = b""
                for again in range(1 + twice):
                    if again:
                        context.set(dut.rewind, 1)
                        await context.tick()
                        context.set(dut.rewind, 0)
                    if header.length:
                        payload = await take_packet(context, dut.payload, chance, seed=number)
                    assert len(payload) == header.length
            received.append((found, payload))
            context.set(dut.o.ready, 1)
            await context.tick()

    async def source(context):
        await put(context, dut.i, items, chance, seed=99)

    BENCH.run(main, source)
    return received


def good(payload: bytes, command: int = 3, sequence: int = 0xA5) -> tuple:
    return ({"bad": 0, "command": command, "sequence": sequence}, payload)


@pytest.mark.parametrize("length", [0, 1, 2, 5, 255, LONGEST])
@pytest.mark.parametrize("twice", [False, True])
def test_lengths(length, twice):
    payload = bytes(n * 7 & 0xFF for n in range(length))
    assert receive(decoded(frame(payload)), 1, twice=twice) == [good(payload)]


@settings(max_examples=20, deadline=None)
@given(
    st.lists(st.tuples(st.binary(max_size=30), st.integers(0, 255), st.integers(0, 255)), min_size=1, max_size=4),
    st.sampled_from([1.0, 0.5]),
    st.booleans(),
)
def test_any_frames(frames, chance, twice):
    items = [item for each in frames for item in decoded(frame(*each))]
    assert receive(items, len(frames), chance, twice=twice) == [good(*each) for each in frames]


@pytest.mark.parametrize(
    "items",
    [
        decoded(b""),
        decoded(b"\x03"),
        decoded(frame(b"")[1:]),  # five bytes
        decoded(zlib.crc32(b"").to_bytes(4, "little")),  # a checksum of nothing
        decoded(b"\x03" + zlib.crc32(b"\x03").to_bytes(4, "little")),  # right, but no sequence number
        decoded(frame(b"abc"), error=True),
        decoded(frame(b"abc")[:-1]),
        decoded(frame(b"abc") + b"\0"),
        decoded(frame(bytes(LONGEST + 1))),
        decoded(frame(bytes(LONGEST + 2))),
        decoded(frame(bytes(3 * LONGEST))),
    ],
    ids=["empty", "one", "five", "only-crc", "short", "error", "cut", "added", "long", "longer", "very-long"],
)
def test_bad_frames_and_one_behind(items):
    (bad, payload), behind = receive(items + decoded(frame(b"\x11\x22")), 2)
    assert (bad, payload) == (BAD, None)
    assert behind == good(b"\x11\x22")


def test_no_flipped_bit_is_accepted():
    content = frame(b"\x12\x34")
    items = []
    for bit in range(8 * len(content)):
        items += decoded((int.from_bytes(content, "little") ^ 1 << bit).to_bytes(len(content), "little"))
    assert receive(items, 8 * len(content)) == [(BAD, None)] * (8 * len(content))


def test_not_ready_while_a_frame_is_kept():
    dut = BENCH.dut

    async def main(context):
        await put(context, dut.i, decoded(frame(b"\x11\x22")))
        context.set(dut.i.valid, 1)
        context.set(dut.i.payload, {"byte": 0x77, "end": 0, "error": 0})
        assert not context.get(dut.i.ready)
        await context.tick()
        for _ in range(20):
            *_, ready, valid, header = await context.tick().sample(dut.i.ready, dut.o.valid, dut.o.payload)
            assert not ready
            assert valid
            assert (header.command, header.sequence, header.length) == (3, 0xA5, 2)
        assert await take(context, dut.payload, lambda items: len(items) == 2) == [
            {"byte": 0x11, "last": 0},
            {"byte": 0x22, "last": 1},
        ]
        context.set(dut.o.ready, 1)
        await context.tick()
        assert not context.get(dut.i.ready)
        assert not context.get(dut.o.valid)
        await context.tick()
        assert context.get(dut.i.ready)
        assert not context.get(dut.o.valid)
        assert not context.get(dut.payload.valid)

    BENCH.run(main)


def test_latency_and_throughput():
    dut = BENCH.dut

    async def main(context):
        content = frame(b"\x11\x22\x33")
        context.set(dut.i.valid, 1)
        for item in decoded(content):
            context.set(dut.i.payload, item)
            assert context.get(dut.i.ready)  # one byte a cycle
            assert not context.get(dut.o.valid)
            await context.tick()
        context.set(dut.i.valid, 0)
        assert not context.get(dut.o.valid)
        await context.tick()
        assert context.get(dut.o.valid)  # two cycles after the end
        assert not context.get(dut.payload.valid)
        context.set(dut.payload.ready, 1)
        await context.tick()
        assert not context.get(dut.payload.valid)
        for byte in b"\x11\x22\x33":  # two cycles later, one byte a cycle
            await context.tick()
            assert context.get(dut.payload.valid)
            assert context.get(dut.payload.payload.byte) == byte
        await context.tick()
        assert not context.get(dut.payload.valid)
        context.set(dut.rewind, 1)
        await context.tick()
        context.set(dut.rewind, 0)
        for _ in range(2):
            assert not context.get(dut.payload.valid)
            await context.tick()
        assert context.get(dut.payload.valid)  # three cycles after rewind
        assert context.get(dut.payload.payload.byte) == 0x11

    BENCH.run(main)
