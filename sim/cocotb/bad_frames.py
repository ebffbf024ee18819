"""Frames that the link must refuse, each with the status of its reply."""

from __future__ import annotations

import random
import struct
import zlib
from collections.abc import Iterator
from dataclasses import dataclass

import numpy as np
from cobs import cobs

from onward.hw.spec.config import CoreConfig
from onward.hw.spec.protocol import Command, Space, Status, max_payload
from onward.sw.driver import frames

__all__ = ["BadFrame", "bad_frames"]

_LONGEST_SKIP = 255


@dataclass(frozen=True)
class BadFrame:
    """A frame, or bytes that are none.

    ``name`` says what is wrong with it. ``raw`` : the bytes, if ``command`` and ``payload`` alone do not make them;
    they are answered by ``replies`` times BAD_FRAME. Else the reply has ``status``.
    """

    name: str
    command: int = 0
    payload: bytes = b""
    status: Status = Status.BAD_FRAME
    raw: bytes = b""
    replies: int = 1


def bad_frames(config: CoreConfig, rng: random.Random) -> list[BadFrame]:
    """One of every kind, with random contents, in random order."""
    found = [*_damaged(config, rng), *_lengths(config, rng), *_addresses(config), *_samples(config)]
    unknown = rng.choice([0, *range(max(Command) + 1, 128)])
    found.append(BadFrame("unknown command", unknown, rng.randbytes(rng.randrange(4)), Status.BAD_COMMAND))
    weights = np.zeros(config.lanes, dtype=np.int64)
    lane = rng.randrange(config.lanes)
    for limit in (config.weight.max + 1, config.weight.min - 1):
        weights[lane] = limit
        if -(1 << 15) <= limit < 1 << 15:
            payload = frames.row_payload(rng.randrange(config.rows), weights)
            found.append(BadFrame(f"weight {limit} in lane {lane}", Command.WRITE_ROW, payload, Status.BAD_VALUE))
    rng.shuffle(found)
    return found


def _damaged(config: CoreConfig, rng: random.Random) -> Iterator[BadFrame]:
    """Bytes that are no frame."""
    good = frames.encode_frame(Command.SEED, rng.randrange(256), frames.seed_payload(rng.getrandbits(32)))
    body = cobs.decode(good[:-1])
    bit = rng.randrange(8 * len(body))
    flipped = bytearray(body)
    flipped[bit // 8] ^= 1 << bit % 8
    yield BadFrame(f"bit {bit} flipped", raw=cobs.encode(bytes(flipped)) + b"\0")
    cut = rng.randrange(1, len(good) - 1)
    yield BadFrame(f"zero after byte {cut}", raw=good[:cut] + b"\0" + good[cut:], replies=2)
    yield BadFrame("last byte lost", raw=good[:-2] + b"\0")
    for size in range(2):
        head = rng.randbytes(size)
        checked = head + zlib.crc32(head).to_bytes(4, "little")
        yield BadFrame(f"only {size} bytes before the checksum", raw=cobs.encode(checked) + b"\0")
    long = frames.encode_frame(Command.IDENTIFY, 0, bytes(max_payload(config) + 1))
    yield BadFrame("one byte too long", raw=long)
    yield BadFrame("far too long", raw=frames.encode_frame(Command.IDENTIFY, 0, bytes(3 * max_payload(config))))
    garbage = bytes(rng.randint(1, 255) for _ in range(rng.randint(1, 40)))
    yield BadFrame("garbage", raw=garbage + b"\0")


def _lengths(config: CoreConfig, rng: random.Random) -> Iterator[BadFrame]:
    """Every command with a payload that is a byte too short or too long, or has no item."""
    right = {
        Command.IDENTIFY: b"",
        Command.LOAD_PROGRAM: frames.program_payload(0, [rng.getrandbits(128)]),
        Command.WRITE_ROW: frames.row_payload(0, np.zeros(config.lanes, dtype=np.int64)),
        Command.READ_ROW: frames.read_row_payload(Space.WEIGHTS, 0),
        Command.SAMPLE: struct.pack("<HB", 0, 0),
        Command.RUN: frames.run_payload(0),
        Command.COUNTERS: b"",
        Command.SEED: frames.seed_payload(rng.getrandbits(32)),
        Command.RESET: b"",
        Command.OPEN: b"",
    }
    for command, payload in right.items():
        # A SAMPLE with one byte more has half a segment, which is the same mistake.
        yield BadFrame(f"{command.name}, a byte too much", command, payload + b"\1", Status.BAD_LENGTH)
        if payload:
            yield BadFrame(f"{command.name}, a byte too few", command, payload[:-1], Status.BAD_LENGTH)
    yield BadFrame("no instruction", Command.LOAD_PROGRAM, struct.pack("<H", 0), Status.BAD_LENGTH)


def _addresses(config: CoreConfig) -> Iterator[BadFrame]:
    """Every address one past the last."""
    row = frames.row_payload(config.rows, np.zeros(config.lanes, dtype=np.int64))
    cases = {
        "row to write": (Command.WRITE_ROW, row),
        "far row to write": (Command.WRITE_ROW, struct.pack("<I", 0xFFFFFFFF) + row[4:]),
        "row to read": (Command.READ_ROW, frames.read_row_payload(Space.WEIGHTS, config.rows)),
        "word to read": (Command.READ_ROW, frames.read_row_payload(Space.VECTORS, config.vectors)),
        "space": (Command.READ_ROW, struct.pack("<BI", max(Space) + 1, 0)),
        "first instruction": (Command.LOAD_PROGRAM, frames.program_payload(config.program, [0])),
        "last instruction": (Command.LOAD_PROGRAM, frames.program_payload(config.program - 1, [0, 0])),
        "entry": (Command.RUN, frames.run_payload(config.program)),
        "entry of a sample": (Command.SAMPLE, struct.pack("<HB", config.program, 0)),
    }
    for name, (command, payload) in cases.items():
        yield BadFrame(f"{name} out of range", command, payload, Status.BAD_ADDRESS)


def _samples(config: CoreConfig) -> Iterator[BadFrame]:
    """Samples whose label or pixels are wrong."""
    head = struct.pack("<HB", 0, 0)
    whole, rest = divmod(config.inputs, _LONGEST_SKIP)
    skips = bytes((_LONGEST_SKIP, 0)) * whole
    yield BadFrame("pixel past the end", Command.SAMPLE, head + skips + bytes((rest, 1, 9)), Status.BAD_ADDRESS)
    yield BadFrame("skip past the end", Command.SAMPLE, head + skips + bytes((rest + 1, 0)), Status.BAD_ADDRESS)
    yield BadFrame("segment cut short", Command.SAMPLE, head + bytes((0, 2, 9)), Status.BAD_LENGTH)
    yield BadFrame("pixels missing", Command.SAMPLE, head + bytes((0, 1)), Status.BAD_LENGTH)
    if config.classes < 256:
        payload = struct.pack("<HB", 0, config.classes)
        yield BadFrame("label that is no class", Command.SAMPLE, payload, Status.BAD_VALUE)
