"""Frames and payloads of the host side, against the protocol's page and against themselves."""

from __future__ import annotations

import re
import struct
import time
import zlib
from pathlib import Path

import numpy as np
import pytest
from cobs import cobs
from hypothesis import given, settings
from hypothesis import strategies as st

from onward.hw.spec.config import CoreConfig
from onward.hw.spec.presets import PRESETS
from onward.hw.spec.protocol import COUNTERS, VERSION, Command, Space, Status, max_payload
from onward.sw.driver.frames import (
    FrameDecoder,
    Identity,
    LinkError,
    Reply,
    StatusError,
    encode_frame,
    parse_counters,
    parse_identity,
    parse_results,
    parse_row,
    program_payload,
    program_payloads,
    read_row_payload,
    row_payload,
    run_payload,
    sample_payload,
    seed_payload,
)

TINY = PRESETS["tiny"]
MNIST = PRESETS["ulx3s-85f"]
PAGE = Path(__file__).parents[3] / "docs" / "protocol.md"


def reply_bytes(command: int, sequence: int, status: int, payload: bytes = b"") -> bytes:
    body = bytes((command | 0x80, sequence, status)) + payload
    return cobs.encode(body + zlib.crc32(body).to_bytes(4, "little")) + b"\0"


def pixels_of(payload: bytes, inputs: int) -> tuple[int, int, np.ndarray]:
    """(entry, label, pixels) of a SAMPLE payload, read as the protocol says."""
    entry, label = struct.unpack("<HB", payload[:3])
    pixels = np.zeros(inputs, np.uint8)
    place, index = 3, 0
    while place < len(payload):
        skip, count = payload[place], payload[place + 1]
        index += skip
        assert index + count <= inputs
        pixels[index : index + count] = np.frombuffer(payload[place + 2 : place + 2 + count], np.uint8)
        assert len(payload) >= place + 2 + count
        index += count
        place += 2 + count
    return entry, label, pixels


# the page -------------------------------------------------------------------------------------------------------------


def test_example_of_the_page():
    sent, answered, damaged = (
        bytes.fromhex(text) for text in re.findall(r"on the wire ([0-9a-f ]+)", PAGE.read_text())
    )
    pixels = np.zeros(20, np.uint8)
    pixels[[3, 5, 12]] = 7, 9, 255
    assert encode_frame(Command.SAMPLE, 65, sample_payload(pixels, label=2, entry=300)) == sent
    (reply,) = FrameDecoder().feed(answered)
    assert reply == Reply(Command.SAMPLE, 65, Status.OK, reply.payload)
    assert parse_results(reply.result()).tolist() == [2, 1000]
    assert FrameDecoder().feed(damaged) == [Reply(0, 0, Status.BAD_FRAME, b"")]


def test_page_lists_commands_statuses_and_counters():
    text = PAGE.read_text()
    for command in Command:
        assert f"| {command.name} | {command.value} |" in text
    for status in Status:
        assert f"| {status.name} | {status.value} |" in text
    assert ", ".join(f"`{name}`" for name in COUNTERS) in text


# frames ---------------------------------------------------------------------------------------------------------------

payloads = st.one_of(
    st.binary(max_size=300),
    st.builds(lambda byte, count: bytes([byte]) * count, st.integers(0, 255), st.sampled_from([250, 254, 255, 600])),
)


@settings(deadline=None)
@given(st.integers(0, 127), st.integers(0, 255), st.sampled_from(Status), payloads)
def test_any_reply_comes_back(command, sequence, status, payload):
    wire = reply_bytes(command, sequence, status, payload)
    assert wire.index(0) == len(wire) - 1
    assert FrameDecoder().feed(wire) == [Reply(command, sequence, status, payload)]


@settings(deadline=None)
@given(st.integers(0, 255), st.integers(0, 255), payloads)
def test_any_command_is_framed(command, sequence, payload):
    wire = encode_frame(command, sequence, payload)
    assert wire.index(0) == len(wire) - 1
    body = cobs.decode(wire[:-1])
    assert body[:-4] == bytes((command, sequence)) + payload
    assert int.from_bytes(body[-4:], "little") == zlib.crc32(body[:-4])


@settings(deadline=None)
@given(st.lists(st.integers(1, 9), max_size=40))
def test_pieces_of_any_size(cuts):
    wires = [reply_bytes(Command.RUN, n, Status.OK, bytes(n)) for n in range(6)]
    data = b"\0".join(wires)
    decoder, replies = FrameDecoder(), []
    for size in [*cuts, len(data)]:
        replies += decoder.feed(data[:size])
        data = data[size:]
    assert [reply.sequence for reply in replies] == list(range(6))
    assert decoder.damaged == 0


@settings(deadline=None)
@given(st.binary(max_size=60))
def test_garbage_costs_no_frame_behind_it(garbage):
    decoder = FrameDecoder()
    replies = decoder.feed(garbage + b"\0" + reply_bytes(Command.RUN, 7, Status.OK))
    assert replies[-1] == Reply(Command.RUN, 7, Status.OK, b"")
    assert len(replies) == 1


def test_no_flipped_bit_is_accepted():
    wire = reply_bytes(Command.RUN, 3, Status.OK, b"\x11\0\x22\x33")
    for bit in range(8 * len(wire)):
        decoder = FrameDecoder()
        flipped = (int.from_bytes(wire, "little") ^ 1 << bit).to_bytes(len(wire), "little")
        assert decoder.feed(flipped + b"\0") == []
        assert decoder.damaged >= 1
        assert len(decoder.feed(wire)) == 1


def test_endless_garbage_takes_no_memory():
    decoder = FrameDecoder()
    for _ in range(100):
        assert decoder.feed(b"\x55" * 1000) == []
    assert len(decoder._pending) <= 5000
    wire = reply_bytes(Command.RUN, 3, Status.OK)
    assert decoder.feed(b"\0" + wire) == [Reply(Command.RUN, 3, Status.OK, b"")]
    assert decoder.damaged == 1


def test_frame_longer_than_any_reply_is_damaged():
    decoder = FrameDecoder()
    assert decoder.feed(reply_bytes(Command.READ_ROW, 1, Status.OK, bytes(5000))) == []
    assert decoder.damaged == 1


def test_echo_and_unknown_status_are_named():
    with pytest.raises(LinkError, match="looped back"):
        FrameDecoder().feed(encode_frame(Command.SEED, 1, seed_payload(1)))
    decoder = FrameDecoder()
    with pytest.raises(LinkError, match="unknown status 99"):
        decoder.feed(reply_bytes(Command.SEED, 1, 99))
    assert len(decoder.feed(reply_bytes(Command.SEED, 1, 0))) == 1  # complained about once


@pytest.mark.parametrize("status", [status for status in Status if status is not Status.OK])
def test_refusals_are_named(status):
    (reply,) = FrameDecoder().feed(reply_bytes(Command.WRITE_ROW, 1, status))
    with pytest.raises(StatusError, match=rf"WRITE_ROW: {status.name}: \w+ .* \w+") as caught:
        reply.result()
    assert (caught.value.command, caught.value.status) == (Command.WRITE_ROW, status)
    assert isinstance(caught.value, LinkError)


def test_unknown_command_is_named_by_number():
    with pytest.raises(StatusError, match="command 99: BAD_COMMAND"):
        Reply(99, 0, Status.BAD_COMMAND, b"").result()


# samples --------------------------------------------------------------------------------------------------------------

sparse = st.lists(st.tuples(st.integers(0, 600), st.integers(1, 600), st.integers(0, 255)), max_size=6)


@settings(deadline=None)
@given(sparse, st.integers(1, 1500))
def test_any_sample_comes_back_and_fits_a_frame(runs, inputs):
    pixels = np.zeros(inputs, np.uint8)
    place = 0
    for gap, length, value in runs:
        place += gap
        pixels[place : place + length] = value
        place += length
    payload = sample_payload(pixels, 1, 2)
    entry, label, back = pixels_of(payload, inputs)
    assert (entry, label) == (2, 1)
    assert np.array_equal(back, pixels)
    config = CoreConfig(name="any", inputs=inputs, hidden=(4,), classes=2, lanes=4, rows=16, group=2)
    assert len(payload) <= max_payload(config)


@settings(deadline=None)
@given(st.lists(st.sampled_from([0, 0, 0, 1, 255]), min_size=1, max_size=64))
def test_short_patterns(values):
    pixels = np.array(values, np.uint8)
    assert np.array_equal(pixels_of(sample_payload(pixels, 0, 0), len(values))[2], pixels)


def test_segments():
    def body(*values: int) -> bytes:
        return sample_payload(np.array(values, np.uint8), 0, 0)[3:]

    assert body(0, 0, 0) == b""
    assert body(1, 0, 0, 2) == bytes((0, 4, 1, 0, 0, 2))  # two zeros: joined
    assert body(1, 0, 0, 0, 2) == bytes((0, 1, 1, 3, 1, 2))  # three: apart
    assert body(*[0] * 256, 5) == bytes((255, 0, 1, 1, 5))
    assert body(*[0] * 255, 5) == bytes((255, 1, 5))
    assert body(*[7] * 256) == bytes((0, 255, *[7] * 255, 0, 1, 7))


def test_image_of_two_dimensions_is_read_row_by_row():
    image = np.arange(20, dtype=np.uint8).reshape(4, 5)
    assert sample_payload(image, 0, 0) == sample_payload(image.reshape(-1), 0, 0)
    assert sample_payload(image.T, 0, 0) == sample_payload(image.T.reshape(-1).copy(), 0, 0)


def test_samples_are_made_fast_enough():
    rng = np.random.default_rng(0)
    images = np.zeros((500, 28, 28), np.uint8)
    for image in images:  # a digit: a dozen rows, one or two strokes each
        for row in range(6, 22):
            for start in rng.integers(4, 20, 2):
                image[row, start : start + 5] = rng.integers(1, 256, 5)
    start = time.process_time()
    for image in images:
        sample_payload(image, 1, 2)
    assert len(images) / (time.process_time() - start) > 5000


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        ((np.zeros(4, np.int64), 0, 0), "pixels must be uint8, not int64"),
        ((np.zeros(4, np.uint8), 256, 0), "label 256"),
        ((np.zeros(4, np.uint8), -1, 0), "label -1"),
        ((np.zeros(4, np.uint8), 0, 65536), "entry 65536"),
    ],
)
def test_impossible_samples_are_refused(arguments, message):
    with pytest.raises(ValueError, match=message):
        sample_payload(*arguments)


# the other payloads ---------------------------------------------------------------------------------------------------


def test_programs():
    words = [(n << 120) | n for n in range(1, 41)]
    assert program_payload(258, words[:1]) == b"\x02\x01" + b"\x01" + bytes(14) + b"\x01"
    memory = {}
    for payload in program_payloads(TINY, words, address=5):
        assert len(payload) <= max_payload(TINY)
        (address,) = struct.unpack("<H", payload[:2])
        items = payload[2:]
        assert items
        assert len(items) % 16 == 0
        memory |= {address + n: int.from_bytes(items[16 * n : 16 * n + 16], "little") for n in range(len(items) // 16)}
    assert memory == {5 + n: word for n, word in enumerate(words)}
    assert list(program_payloads(TINY, [])) == []


def test_rows():
    assert row_payload(0x01020304, [1, -1, 32767, -32768]) == bytes.fromhex("04030201 0100 ffff ff7f 0080")
    assert read_row_payload(Space.VECTORS, 5) == bytes.fromhex("01 05000000")
    assert parse_row(bytes.fromhex("0100 ffff ff7f 0080"), 4).tolist() == [1, -1, 32767, -32768]
    with pytest.raises(ValueError, match="row 3 has values outside"):
        row_payload(3, [32768])
    with pytest.raises(ValueError, match="vector of integers, not float64"):
        row_payload(3, [0.5])
    with pytest.raises(ValueError, match="row -1"):
        row_payload(-1, [0])
    with pytest.raises(LinkError, match="READ_ROW has 3 bytes instead of 8"):
        parse_row(b"abc", 4)


def test_small_payloads():
    assert run_payload(0x1234) == b"\x34\x12"
    assert seed_payload(0xDEADBEEF) == b"\xef\xbe\xad\xde"
    with pytest.raises(ValueError, match="seed 4294967296"):
        seed_payload(1 << 32)


def test_results_and_counters():
    assert parse_results(b"\x01\0\0\0\xff\xff\xff\xff").tolist() == [1, 0xFFFFFFFF]
    assert parse_results(b"").tolist() == []
    with pytest.raises(LinkError, match="has 5 bytes instead of 4"):
        parse_results(bytes(5))
    assert parse_counters(struct.pack("<9Q", *range(9))) == dict(zip(COUNTERS, range(9), strict=True))
    with pytest.raises(LinkError, match="COUNTERS has 71 bytes instead of 72"):
        parse_counters(bytes(71))


def test_identity():
    payload = struct.pack("<B8sHIHHHB", VERSION, bytes.fromhex(MNIST.digest), 128, 2048, 16, 512, 784, 9)
    identity = parse_identity(payload)
    assert identity == Identity(VERSION, MNIST.digest, 128, 2048, 16, 512, 784, 9)
    identity.check(MNIST)
    with pytest.raises(LinkError, match="the core has lanes = 128, but configuration 'tiny' has 4"):
        identity.check(TINY)
    with pytest.raises(LinkError, match=f"version {VERSION + 1} of the protocol, this driver version {VERSION}"):
        parse_identity(bytes([VERSION + 1]) + payload[1:])
    with pytest.raises(LinkError, match="IDENTIFY has 21 bytes instead of 22"):
        parse_identity(payload[:-1])
    with pytest.raises(LinkError, match="version none"):
        parse_identity(b"")


def test_identity_of_a_core_that_differs_in_something_unnamed():
    other = Identity(VERSION, "0123456789abcdef", 4, 96, 32, 512, 20, 0)
    with pytest.raises(LinkError, match="another configuration than 'tiny': digest 0123456789abcdef"):
        other.check(TINY)
