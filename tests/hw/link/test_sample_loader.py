"""SAMPLE's segments: right ones become pixels, wrong ones a status."""

from __future__ import annotations

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from onward.hw.link.sample_loader import SampleLoader
from onward.hw.spec.config import CoreConfig
from onward.hw.spec.protocol import Status

from .link_bench import Bench, collect, put_packet

CONFIG = CoreConfig(name="wide", inputs=700, hidden=(4,), classes=3, lanes=4, rows=16, group=2)
BENCH = Bench(SampleLoader(CONFIG))


def load(segments: bytes, chance: float = 1.0) -> tuple[list[tuple[int, int]], Status, int]:
    """Pixels, status, and cycles from the first byte on offer to ``done``."""
    dut = BENCH.dut
    pixels: list = []
    outcome: list = []

    async def main(context):
        context.set(dut.start, 1)
        await context.tick()
        context.set(dut.start, 0)
        for cycles in range(5000):
            *_, done, status = await context.tick().sample(dut.done, dut.status)
            if done:
                outcome.append((Status(status), cycles))
                break
        for _ in range(10):
            *_, done, ready, valid = await context.tick().sample(dut.done, dut.i.ready, dut.pixel.valid)
            assert not done
            assert not ready
            assert not valid

    async def source(context):
        await context.tick()
        await put_packet(context, dut.i, segments, chance, seed=1)

    BENCH.run(main, source, collect(dut.pixel, pixels, chance, seed=2))
    return [(pixel["index"], pixel["value"]) for pixel in pixels], *outcome[0]


def segment(skip: int, pixels: bytes) -> bytes:
    return bytes((skip, len(pixels))) + pixels


def parts(segments: bytes) -> int:
    """How many segments there are."""
    return 1 + parts(segments[2 + segments[1] :]) if segments else 0


@pytest.mark.parametrize(
    ("segments", "pixels"),
    [
        (segment(0, b"\x05"), [(0, 5)]),
        (segment(3, b"\x05\x06"), [(3, 5), (4, 6)]),
        (segment(0, b""), []),
        (segment(255, b"") + segment(255, b"") + segment(189, b"\x01"), [(699, 1)]),
        (segment(255, b"") + segment(255, b"") + segment(190, b""), []),
        (segment(2, b"\0\x07\0") + segment(1, b"\x08"), [(3, 7), (6, 8)]),
        (segment(0, b"\xff" * 255) * 2 + segment(0, b"\x01" * 190), [(n, 255 if n < 510 else 1) for n in range(700)]),
    ],
    ids=["one", "skip", "nothing", "last", "only-skips", "zeros-inside", "dense"],
)
@pytest.mark.parametrize("chance", [1.0, 0.5])
def test_right_segments(segments, pixels, chance):
    seen, status, cycles = load(segments, chance)
    assert seen == pixels
    assert status is Status.OK
    if chance == 1:
        assert cycles == len(segments) - 1 + parts(segments)  # one byte a cycle, and one cycle more for each segment


@pytest.mark.parametrize(
    ("segments", "status"),
    [
        (b"\x01", Status.BAD_LENGTH),
        (b"\x01\x02", Status.BAD_LENGTH),
        (b"\x01\x02\x03", Status.BAD_LENGTH),
        (segment(0, b"\x05") + b"\x01", Status.BAD_LENGTH),
        (segment(0, b"\x05") + b"\0\x01", Status.BAD_LENGTH),
        (b"\0\x03\0\0", Status.BAD_LENGTH),
        (segment(255, b"") + segment(255, b"") + segment(190, b"\x01"), Status.BAD_ADDRESS),
        (segment(255, b"") + segment(255, b"") + segment(190, b"\0"), Status.BAD_ADDRESS),
        (segment(255, b"") + segment(255, b"") + segment(191, b""), Status.BAD_ADDRESS),
        (segment(255, b"") + segment(255, b"") + segment(255, b"\x01"), Status.BAD_ADDRESS),
        (segment(0, b"\x01" * 255) * 2 + segment(0, b"\x01" * 191), Status.BAD_ADDRESS),
        (segment(0, b"\x01" * 255) * 3, Status.BAD_ADDRESS),
    ],
)
@pytest.mark.parametrize("chance", [1.0, 0.5])
def test_wrong_segments(segments, status, chance):
    pixels, found, _ = load(segments, chance)
    assert found is status
    assert all(index < CONFIG.inputs for index, _ in pixels)


def reference(segments: bytes) -> tuple[list[tuple[int, int]], Status]:
    """What a list of bytes means."""
    pixels: list[tuple[int, int]] = []
    place = index = 0
    while place < len(segments):
        if place + 2 > len(segments):
            return pixels, Status.BAD_LENGTH
        skip, count = segments[place : place + 2]
        place += 2
        index += skip
        if index > CONFIG.inputs:
            return pixels, Status.BAD_ADDRESS
        if count and place == len(segments):
            return pixels, Status.BAD_LENGTH
        for left in range(count - 1, -1, -1):
            if index == CONFIG.inputs:
                return pixels, Status.BAD_ADDRESS
            if segments[place]:
                pixels.append((index, segments[place]))
            index += 1
            place += 1
            if left and place == len(segments):
                return pixels, Status.BAD_LENGTH
    return pixels, Status.OK


pieces = st.builds(segment, st.sampled_from([0, 1, 100, 255]), st.binary(max_size=6) | st.just(b"\x02" * 255))


@settings(max_examples=30, deadline=None)
@given(st.lists(pieces, min_size=1, max_size=6).map(b"".join), st.binary(max_size=3), st.sampled_from([1.0, 0.7]))
def test_any_bytes(segments, more, chance):
    segments += more
    pixels, expected = reference(segments)
    seen, status, _ = load(segments, chance)
    assert (seen, status) == (pixels, expected)
