"""The COBS decoder against the reference implementation."""

from __future__ import annotations

import pytest
from cobs import cobs
from hypothesis import given, settings
from hypothesis import strategies as st

from onward.hw.link.cobs_decoder import CobsDecoder

from .link_bench import Bench, collect, put

BENCH = Bench(CobsDecoder())


def decode(wire: bytes, chance: float = 1.0) -> list[bytes | None]:
    """Frames that come out for these bytes: their content, or None for an error."""
    seen: list[dict[str, int]] = []

    async def main(context):
        await put(context, BENCH.dut.i, wire, chance, seed=1)

    BENCH.run(main, collect(BENCH.dut.o, seen, chance, seed=2))
    frames: list[bytes | None] = []
    content = bytearray()
    for item in seen:
        if item["end"]:
            frames.append(None if item["error"] else bytes(content))
            content.clear()
        else:
            assert not item["error"]
            content.append(item["byte"])
    assert not content, "bytes behind the last end"
    return frames


@pytest.mark.parametrize(
    "frame",
    [
        b"",
        b"\0",
        b"\0\0\0",
        b"\x11\x22\0\x33",
        bytes(range(1, 255)),  # exactly one full block
        bytes(range(1, 256)),
        bytes(range(1, 255)) + b"\0",
        b"\0" + bytes(range(1, 255)),
        b"\x01" * 253 + b"\0" + b"\x02" * 254 + b"\0\0" + b"\x03" * 255,
        b"\x05" * 254 * 2,
    ],
    ids=lambda frame: f"{len(frame)} bytes {frame[:3].hex()}",
)
def test_known_frames(frame):
    assert decode(cobs.encode(frame) + b"\0") == [frame]


def test_both_ways_to_end_a_full_block():
    full = bytes(range(1, 255))
    assert decode(b"\xff" + full + b"\0") == [full]
    assert decode(b"\xff" + full + b"\x01\0") == [full]


runs = st.builds(lambda byte, count: bytes([byte]) * count, st.integers(0, 255), st.sampled_from([1, 2, 253, 254, 255]))
contents = st.lists(st.one_of(st.binary(max_size=20), runs), max_size=4).map(b"".join)


@settings(max_examples=20, deadline=None)
@given(st.lists(contents, min_size=1, max_size=3), st.sampled_from([1.0, 0.6]))
def test_any_frames(frames, chance):
    wire = b"".join(cobs.encode(frame) + b"\0" for frame in frames)
    assert decode(wire, chance) == frames


@settings(max_examples=30, deadline=None)
@given(st.binary(max_size=60), st.binary(min_size=1, max_size=20))
def test_garbage_spoils_one_frame_at_most(garbage, frame):
    wire = cobs.encode(frame) + b"\0"
    assert decode(garbage + wire + wire)[-1:] == [frame]
    assert decode(garbage + b"\0" + wire)[-1:] == [frame]


def test_zeros_between_frames_are_silent():
    assert decode(b"\0\0\x02\x07\0\0\0\x01\0") == [b"\x07", b""]


@pytest.mark.parametrize("wire", [b"\x02\0", b"\x05\x01\x02\x03\0", b"\xff\x01\0", b"\x01\x03\x09\0"])
def test_cut_block_is_an_error(wire):
    assert decode(wire + b"\x02\x07\0") == [None, b"\x07"]


def test_no_latency_and_one_byte_a_cycle():
    dut = BENCH.dut
    wire = cobs.encode(b"\x11\x22\0\x33") + b"\0"
    expected = [None, 0x11, 0x22, 0, 0x33, "end"]  # one for each byte, in its own cycle

    async def main(context):
        context.set(dut.o.ready, 1)
        context.set(dut.i.valid, 1)
        for byte, meaning in zip(wire, expected, strict=True):
            context.set(dut.i.payload, byte)
            *_, ready, valid, payload = await context.tick().sample(dut.i.ready, dut.o.valid, dut.o.payload)
            assert ready
            assert valid == (meaning is not None)
            if valid:
                assert payload.end == (meaning == "end")
                assert payload.end or payload.byte == meaning

    BENCH.run(main)
