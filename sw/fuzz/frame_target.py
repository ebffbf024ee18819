"""Frames: any bytes on the line, and replies that are whole and say something absurd."""

from __future__ import annotations

import random
import struct
import zlib
from pathlib import Path

from cobs import cobs

from onward.hw.spec.protocol import COUNTERS, REPLY, VERSION, Command, Status
from onward.sw.driver import frames
from onward.sw.driver.frames import FrameDecoder, LinkError, Reply

from .mutations import mutate_bytes
from .target import Target, Violation

__all__ = ["frame_target"]

_LANES = 4
_PIECES = 25


def frame_target() -> Target:
    """The frame decoder, and what reads the payloads of the replies that it finds."""
    return Target("frames", 500, _seeds(), _mutate, _parse, (LinkError,))


def _seeds() -> tuple[bytes, ...]:
    """Streams of one reply of each kind, of all of them, and of long ones."""
    payloads = {
        Command.IDENTIFY: struct.pack("<B8sHIHHHB", VERSION, bytes(range(8)), _LANES, 96, 32, 512, 20, 7),
        Command.READ_ROW: struct.pack(f"<{_LANES}h", -1, 0, 1, 300),
        Command.SAMPLE: struct.pack("<3I", 2, 1000, 0xFFFFFFFF),
        Command.RUN: b"",
        Command.COUNTERS: struct.pack(f"<{len(COUNTERS)}Q", *range(len(COUNTERS))),
        Command.RESET: b"",
        Command.SEED: b"",
        Command.OPEN: b"",
        Command.WRITE_ROW: b"",
    }
    bodies = [_body(command, 7, Status.OK, payload) for command, payload in payloads.items()]
    bodies += [_body(0, 0, status, b"") for status in Status if status is not Status.OK]
    bodies.append(_body(Command.SAMPLE, 1, Status.OK, bytes(range(256)) * 4))
    each = tuple(_frame(body) for body in bodies)
    return (*each, b"".join(each), b"\0" * 3 + each[0])


def _mutate(rng: random.Random, data: bytes) -> bytes:
    kind = rng.random()
    if kind < 0.4:
        return mutate_bytes(rng, data)
    if kind < 0.5:
        return rng.randbytes(rng.randrange(200))
    if kind < 0.51:
        return bytes(rng.randint(1, 255) for _ in range(rng.choice((4096, 4097, 9000)))) + data
    # Frames whose checksum is right, whatever they hold.
    parts = []
    for frame in data.split(b"\0"):
        try:
            body = cobs.decode(frame)[:-4]
        except cobs.DecodeError:
            continue
        parts.append(_frame(mutate_bytes(rng, body) if rng.random() < 0.6 else body))
    return b"".join(parts)


def _parse(data: bytes, folder: Path) -> None:
    replies, whole = _feed(data, len(data) + 1)
    # Pieces of a few bytes; of long ones, such that there are not thousands.
    pieces, parts = _feed(data, 1 + zlib.crc32(data) % 9 + len(data) // _PIECES)
    if (whole is None) != (parts is None) or (whole is None and replies != pieces):
        raise Violation("replies depend on the pieces that their bytes come in")
    if whole:
        raise whole
    for reply in replies:
        _read(reply)


def _feed(data: bytes, size: int) -> tuple[list[Reply], LinkError | None]:
    """Replies from ``data`` in pieces, and what the decoder stopped at."""
    decoder, found = FrameDecoder(), list[Reply]()
    try:
        for first in range(0, len(data), size):
            found += decoder.feed(data[first : first + size])
        # Whatever came before, the next whole frame is found.
        after = decoder.feed(b"\0" + _LAST)
        if not after or after[-1] != _LAST_REPLY:
            raise Violation("a whole frame after the others was not found")
    except LinkError as error:
        return found, error
    return found, None


def _read(reply: Reply) -> None:
    payload = reply.result()
    match reply.command:
        case Command.IDENTIFY:
            frames.parse_identity(payload)
        case Command.READ_ROW:
            frames.parse_row(payload, _LANES)
        case Command.SAMPLE | Command.RUN:
            words = frames.parse_results(payload)
            if words.astype("<u4").tobytes() != payload:
                raise Violation("results are not those of the payload")
        case Command.COUNTERS:
            frames.parse_counters(payload)


def _body(command: int, sequence: int, status: int, payload: bytes) -> bytes:
    return bytes((command | REPLY, sequence, status)) + payload


def _frame(body: bytes) -> bytes:
    return cobs.encode(body + zlib.crc32(body).to_bytes(4, "little")) + b"\0"


_LAST = _frame(_body(Command.SEED, 99, Status.OK, b""))
_LAST_REPLY = Reply(Command.SEED, 99, Status.OK, b"")
