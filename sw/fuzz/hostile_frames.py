"""Hostile frames for a core: any bytes, damaged frames, and whole ones that ask for something absurd."""

from __future__ import annotations

import random
import struct
import zlib
from collections.abc import Iterator, Sequence

import numpy as np
from cobs import cobs
from numpy.typing import NDArray

from onward.hw.spec.config import CoreConfig
from onward.hw.spec.protocol import ORDERED, Command, Space, max_payload
from onward.sw.driver import frames

from .mutations import mutate_bytes

__all__ = ["HostileFrames", "frames_in"]

_CRC_BYTES = 4


def frames_in(data: bytes) -> list[bytes]:
    """The frames that end in ``data``, as they are on the wire: empty ones are none."""
    return [frame for frame in data.split(b"\0")[:-1] if frame]


class HostileFrames:
    """Makes bytes for the line, none of which may change a weight or the program.

    What would rightly do so, a whole WRITE_ROW or LOAD_PROGRAM with something new, is not sent: so that afterwards
    every weight must be what it was. Everything else is, such as the same commands with what is there already, and
    those that only a last byte keeps from being right.

    Parameters
    ----------
    config : the core.
    rng : decides everything.
    rows : the weights (rows, lanes) that the core has.
    words : the instruction words that it has, for all of its program memory.

    Attributes
    ----------
    number : the core expects for the next ordered command; most of them get it.
    """

    def __init__(self, config: CoreConfig, rng: random.Random, rows: NDArray[np.int32], words: Sequence[int]) -> None:
        self._config = config
        self._rng = rng
        self._rows = rows
        self._words = words
        self._begun = b""
        self.number = 0

    def next(self) -> bytes:
        """Some bytes: a frame, several, a part of one, or none at all."""
        while True:
            data = self._draw()
            whole, _, rest = (self._begun + data).rpartition(b"\0")
            if not any(self._acts(body) for body in _bodies(whole + b"\0")):
                # A frame that has not ended goes on with what comes next.
                self._begun = rest
                return data

    def finish(self, data: bytes) -> bytes:
        """What :meth:`next` has given, with an end to what has none yet, if anything."""
        if not self._begun:
            return data
        self._begun = b""
        return data + b"\0"

    def _draw(self) -> bytes:
        rng = self._rng
        kind = rng.random()
        if kind < 0.2:
            return mutate_bytes(rng, self._whole())[: 4 * max_payload(self._config)]
        if kind < 0.3:
            return rng.randbytes(rng.randrange(60)) + bytes(rng.randrange(3))
        if kind < 0.33:
            body = bytes((rng.randrange(256), 0)) + bytes(max_payload(self._config) + rng.randint(1, 600))
            return _frame(body)
        if kind < 0.85:
            # The checksum is right, whatever stands before it.
            command, payload = self._command()
            body = bytes((command, self._sequence(command))) + payload
            return _frame(mutate_bytes(rng, body)[: max_payload(self._config) + 2])
        return self._whole()

    def _whole(self) -> bytes:
        command, payload = self._command()
        return frames.encode_frame(command, self._sequence(command), payload)

    def _sequence(self, command: int) -> int:
        """A number by which the command is carried out, or one by which it is a repeated one, or is out of order."""
        if command not in ORDERED or self._rng.random() < 0.2:
            return self._rng.choice((self._rng.randrange(256), (self.number - 1) & 0xFF))
        number = self.number
        self.number = (number + 1) & 0xFF
        return number

    def _command(self) -> tuple[int, bytes]:
        """A command that is in order, and changes neither weights nor program."""
        rng, config = self._rng, self._config
        command = rng.choice(list(Command))
        entry = rng.randrange(config.program)
        match command:
            case Command.LOAD_PROGRAM:
                count = rng.randint(1, 3)
                address = rng.randrange(config.program - count)
                return command, frames.program_payload(address, self._words[address : address + count])
            case Command.WRITE_ROW:
                row = rng.randrange(config.rows)
                return command, frames.row_payload(row, self._rows[row])
            case Command.READ_ROW:
                space = rng.choice(list(Space))
                depth = config.rows if space is Space.WEIGHTS else config.vectors
                return command, frames.read_row_payload(space, rng.randrange(depth))
            case Command.SAMPLE:
                pixels = np.frombuffer(rng.randbytes(config.inputs), np.uint8) * (rng.random() < 0.8)
                return command, frames.sample_payload(pixels.astype(np.uint8), rng.randrange(config.classes), entry)
            case Command.RUN:
                return command, frames.run_payload(entry)
            case Command.SEED:
                return command, frames.seed_payload(rng.getrandbits(32))
        return command, b""

    def _acts(self, body: bytes) -> bool:
        """Whether a whole frame rightly changes a weight or the program."""
        config, payload = self._config, body[2:]
        if body[0] == Command.WRITE_ROW and len(payload) == 4 + 2 * config.lanes:
            (row,) = struct.unpack("<I", payload[:4])
            return row < config.rows and not np.array_equal(np.frombuffer(payload[4:], "<i2"), self._rows[row])
        if body[0] == Command.LOAD_PROGRAM and len(payload) > 2:
            (address,) = struct.unpack("<H", payload[:2])
            parts = range(2, len(payload), 16)
            words = [int.from_bytes(payload[first : first + 16], "little") for first in parts]
            return words != list(self._words[address : address + len(words)])
        return False


def _bodies(data: bytes) -> Iterator[bytes]:
    """What whole frames hold, without their checksums."""
    for frame in frames_in(data):
        try:
            body = cobs.decode(frame)
        except cobs.DecodeError:
            continue
        if len(body) >= 2 + _CRC_BYTES and zlib.crc32(body[:-_CRC_BYTES]) == int.from_bytes(
            body[-_CRC_BYTES:], "little"
        ):
            yield body[:-_CRC_BYTES]


def _frame(body: bytes) -> bytes:
    return cobs.encode(body + zlib.crc32(body).to_bytes(_CRC_BYTES, "little")) + b"\0"
