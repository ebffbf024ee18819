"""Frames of the link as the host sees them: commands to bytes, bytes to replies.

Nothing here knows how the bytes travel. ``docs/protocol.md`` describes the format.
"""

from __future__ import annotations

import struct
import zlib
from collections.abc import Iterator, Sequence
from dataclasses import dataclass

import numpy as np
from cobs import cobs
from numpy.typing import ArrayLike, NDArray

from onward.hw.spec.config import CoreConfig
from onward.hw.spec.protocol import COUNTERS, REPLY, VERSION, Command, Space, Status, max_payload

__all__ = [
    "LONGEST_FRAME",
    "DeviceLost",
    "FrameDecoder",
    "Identity",
    "LinkError",
    "Reply",
    "StatusError",
    "encode_frame",
    "parse_counters",
    "parse_identity",
    "parse_results",
    "parse_row",
    "program_payload",
    "program_payloads",
    "read_row_payload",
    "row_payload",
    "run_payload",
    "sample_payload",
    "seed_payload",
]

_IDENTITY = struct.Struct("<B8sHIHHHB")
_INSTRUCTION_BYTES = 16
_CRC_BYTES = 4
_SHORTEST_REPLY = 3 + _CRC_BYTES
LONGEST_FRAME = 4096
"""Bytes; what is longer is no frame of ours."""
_SEGMENT_BYTES = 2
_SEGMENT_LIMIT = 255

_MEANINGS = {
    Status.BAD_FRAME: "a frame arrived damaged or too long and was dropped",
    Status.BAD_COMMAND: "the core does not know this command",
    Status.BAD_LENGTH: "the payload is too short, too long, or no whole number of items",
    Status.BAD_ADDRESS: "a row, program address, entry, pixel or space is out of range",
    Status.BAD_VALUE: "a weight does not fit its format, or the label is no class",
    Status.BUSY: "not possible while a program runs or a sample waits",
    Status.OUT_OF_ORDER: "a command before this one is missing",
    Status.CLOSED: "the core has been reset and knows of no session",
    Status.OVERRUN: "the program ran for too long and was ended; what it has changed stays changed",
}


class LinkError(Exception):
    """Host and core do not understand each other; the message says why."""


class DeviceLost(LinkError):
    """The core cannot be reached any more, or has been reset: what it had in its registers is gone."""


class StatusError(LinkError):
    """The core refused a command, and changed nothing; or ended its program because it ran for too long.

    Parameters
    ----------
    command : the command it refused; 0 if it could not read the frame.
    status : its reason.
    """

    def __init__(self, command: int, status: Status) -> None:
        self.command = command
        self.status = status
        super().__init__(f"{_name(command)}: {status.name}: {_MEANINGS[status]}")


@dataclass(frozen=True)
class Reply:
    """A reply: the command and sequence number it answers (both 0 for BAD_FRAME), status and payload."""

    command: int
    sequence: int
    status: Status
    payload: bytes

    def result(self) -> bytes:
        """The payload of a command that succeeded; raises StatusError if it did not."""
        if self.status is not Status.OK:
            raise StatusError(self.command, self.status)
        return self.payload


@dataclass(frozen=True)
class Identity:
    """What a core says it is."""

    version: int
    digest: str
    lanes: int
    rows: int
    vectors: int
    program: int
    inputs: int
    following: int
    """Number of the next ordered command."""

    def check(self, config: CoreConfig) -> None:
        """Raise LinkError unless the core speaks this version of the protocol and was built from ``config``."""
        if self.version != VERSION:
            raise LinkError(f"the core speaks version {self.version} of the protocol, this driver version {VERSION}")
        for name in ("lanes", "rows", "vectors", "program", "inputs"):
            if getattr(self, name) != getattr(config, name):
                raise LinkError(
                    f"the core has {name} = {getattr(self, name)}, but configuration {config.name!r}"
                    f" has {getattr(config, name)}"
                )
        if self.digest != config.digest:
            raise LinkError(
                f"the core was built from another configuration than {config.name!r}:"
                f" digest {self.digest}, not {config.digest}"
            )


# frames ---------------------------------------------------------------------------------------------------------------


def encode_frame(command: int, sequence: int, payload: bytes = b"") -> bytes:
    """The bytes of one command on the wire, with the zero byte that ends them."""
    body = struct.pack("<BB", command, sequence) + payload
    return cobs.encode(body + zlib.crc32(body).to_bytes(_CRC_BYTES, "little")) + b"\0"


class FrameDecoder:
    """Finds replies in a stream of bytes that may come in pieces of any size.

    Attributes
    ----------
    damaged : int
        Frames dropped so far because they were damaged; their replies will never come.
    """

    def __init__(self) -> None:
        self._pending = bytearray()
        self.damaged = 0

    def feed(self, data: bytes) -> list[Reply]:
        """The replies that ``data`` completes, in order.

        Raises
        ------
        LinkError
            If an undamaged frame is no reply of this version of the protocol.
        """
        self._pending += data
        *frames, self._pending = self._pending.split(b"\0")
        bodies = [_checked(bytes(frame)) for frame in frames if frame]
        self._pending = self._pending[-LONGEST_FRAME - 1 :]  # one byte too long stays too long
        self.damaged += bodies.count(None)
        return [_parse(body) for body in bodies if body is not None]


def _checked(frame: bytes) -> bytes | None:
    """The body of a frame without its checksum, or None if it is damaged."""
    if len(frame) > LONGEST_FRAME:
        return None
    try:
        body = cobs.decode(frame)
    except cobs.DecodeError:
        return None
    if len(body) < _SHORTEST_REPLY or zlib.crc32(body[:-_CRC_BYTES]) != int.from_bytes(body[-_CRC_BYTES:], "little"):
        return None
    return body[:-_CRC_BYTES]


def _parse(body: bytes) -> Reply:
    if not body[0] & REPLY:
        raise LinkError(f"this is a command, not a reply: {body[:8].hex(' ')}; is the line looped back?")
    try:
        status = Status(body[2])
    except ValueError:
        raise LinkError(f"unknown status {body[2]}: the core speaks another version of the protocol") from None
    return Reply(body[0] & ~REPLY, body[1], status, body[3:])


# payloads of commands -------------------------------------------------------------------------------------------------


def sample_payload(pixels: NDArray[np.uint8], label: int, entry: int) -> bytes:
    """Payload of SAMPLE: nonzero runs of ``pixels`` (any shape, read in C order), never longer than without any zero.

    Two runs with less than three zeros between them travel as one: a segment of their own would cost two bytes.
    """
    flat = np.ascontiguousarray(pixels).reshape(-1)
    if flat.dtype != np.uint8:
        raise ValueError(f"pixels must be uint8, not {flat.dtype}")
    parts = [_pack("<HB", entry=entry, label=label)]
    lit = np.flatnonzero(flat)
    if lit.size:
        gaps = np.flatnonzero(np.diff(lit) > _SEGMENT_BYTES + 1)
        starts = [int(lit[0]), *lit[gaps + 1].tolist()]
        ends = [*(lit[gaps] + 1).tolist(), int(lit[-1]) + 1]
        raw = flat.tobytes()
        position = 0
        for start, end in zip(starts, ends, strict=True):
            skip = start - position
            while skip > _SEGMENT_LIMIT:
                parts.append(bytes((_SEGMENT_LIMIT, 0)))
                skip -= _SEGMENT_LIMIT
            for first in range(start, end, _SEGMENT_LIMIT):
                chunk = raw[first : min(first + _SEGMENT_LIMIT, end)]
                parts += (bytes((skip, len(chunk))), chunk)
                skip = 0
            position = end
    return b"".join(parts)


def program_payload(address: int, words: Sequence[int]) -> bytes:
    """Payload of LOAD_PROGRAM: 128-bit instruction words for ascending addresses."""
    return _pack("<H", address=address) + b"".join(word.to_bytes(_INSTRUCTION_BYTES, "little") for word in words)


def program_payloads(config: CoreConfig, words: Sequence[int], address: int = 0) -> Iterator[bytes]:
    """A program of any length, cut into payloads that fit a frame."""
    most = (max_payload(config) - 2) // _INSTRUCTION_BYTES
    for first in range(0, len(words), most):
        yield program_payload(address + first, words[first : first + most])


def row_payload(row: int, weights: ArrayLike) -> bytes:
    """Payload of WRITE_ROW: one integer code for each lane."""
    codes = np.asarray(weights)
    if codes.ndim != 1 or not np.issubdtype(codes.dtype, np.integer):
        raise ValueError(f"a row must be a vector of integers, not {codes.dtype} of shape {codes.shape}")
    narrow = codes.astype("<i2")
    if not np.array_equal(narrow, codes):
        raise ValueError(f"row {row} has values outside of -32768 to 32767")
    return _pack("<I", row=row) + narrow.tobytes()


def read_row_payload(space: Space, row: int) -> bytes:
    """Payload of READ_ROW."""
    return _pack("<BI", space=space, row=row)


def run_payload(entry: int) -> bytes:
    """Payload of RUN."""
    return _pack("<H", entry=entry)


def seed_payload(seed: int) -> bytes:
    """Payload of SEED."""
    return _pack("<I", seed=seed)


# payloads of replies --------------------------------------------------------------------------------------------------


def parse_identity(payload: bytes) -> Identity:
    """The answer to IDENTIFY."""
    if not payload or payload[0] != VERSION:
        version = payload[0] if payload else "none"
        raise LinkError(f"the core speaks version {version} of the protocol, this driver version {VERSION}")
    version, digest, *sizes = _IDENTITY.unpack(_sized(Command.IDENTIFY, payload, _IDENTITY.size))
    return Identity(version, digest.hex(), *sizes)


def parse_row(payload: bytes, lanes: int) -> NDArray[np.int16]:
    """The answer to READ_ROW: one integer code for each lane."""
    return np.frombuffer(_sized(Command.READ_ROW, payload, 2 * lanes), "<i2").astype(np.int16)


def parse_results(payload: bytes) -> NDArray[np.uint32]:
    """The answer to SAMPLE and RUN: the words that the program left."""
    return np.frombuffer(_sized(Command.SAMPLE, payload, len(payload) & ~3), "<u4").astype(np.uint32)


def parse_counters(payload: bytes) -> dict[str, int]:
    """The answer to COUNTERS, by name."""
    form = struct.Struct(f"<{len(COUNTERS)}Q")
    return dict(zip(COUNTERS, form.unpack(_sized(Command.COUNTERS, payload, form.size)), strict=True))


def _name(command: int) -> str:
    return Command(command).name if command in set(Command) else f"command {command}"


def _sized(command: Command, payload: bytes, size: int) -> bytes:
    if len(payload) != size:
        raise LinkError(f"the reply to {command.name} has {len(payload)} bytes instead of {size}")
    return payload


def _pack(form: str, **values: int) -> bytes:
    try:
        return struct.pack(form, *values.values())
    except struct.error as error:
        text = ", ".join(f"{name} {value!r}" for name, value in values.items())
        raise ValueError(f"{text} does not fit the protocol: {error}") from None
