"""Test doubles: a core that speaks the protocol and computes with the golden model, and ways to reach it."""

from __future__ import annotations

import os
import select
import struct
import threading
import tty
import zlib
from collections import deque
from collections.abc import Callable

import numpy as np
import torch
from cobs import cobs

from onward.hw.spec.config import CoreConfig
from onward.hw.spec.isa import Instruction, Op
from onward.hw.spec.protocol import ORDERED, REPLY, VERSION, WINDOW, Command, Space, Status
from onward.sw.golden.golden import Golden
from onward.sw.golden.machine import ProgramError
from onward.sw.golden.sample import Batch

__all__ = ["ModelCore", "ModelTransport", "PtyCore", "frame"]


def frame(*body: int, payload: bytes = b"") -> bytes:
    """A frame on the wire: COBS of these bytes, the payload and their checksum."""
    content = bytes(body) + payload
    return cobs.encode(content + struct.pack("<I", zlib.crc32(content))) + b"\0"


class ModelCore:
    """Bytes in, bytes out, as docs/protocol.md has it; replies at once and never loses a byte.

    ``version`` and ``digest`` may be lies. ``frames`` collects the commands received, as (command, sequence), ``done``
    the ordered ones that were carried out. With ``bound``, a program of so many instructions is ended.
    """

    def __init__(self, config: CoreConfig, version: int = VERSION, digest: str | None = None) -> None:
        self.config = config
        self.golden = Golden(config)
        self.frames: list[tuple[int, int]] = []
        self.done: list[tuple[int, bytes]] = []
        self.cycles = 0
        self.following = 0
        self.open = False
        self.bound: int | None = None
        self._answers: dict[int, tuple[Status, bytes]] = {}
        self._identity = struct.pack(
            "<B8sHIHHH",
            version,
            bytes.fromhex(digest or config.digest),
            config.lanes,
            config.rows,
            config.vectors,
            config.program,
            config.inputs,
        )
        self._program = [Instruction(Op.END)] * config.program
        self._pending = b""

    def feed(self, data: bytes) -> bytes:
        """The replies to the frames that ``data`` completes."""
        *complete, self._pending = (self._pending + data).split(b"\0")
        return b"".join(self._answer(each) for each in complete if each)

    def _answer(self, encoded: bytes) -> bytes:
        try:
            body = cobs.decode(encoded)
        except cobs.DecodeError:
            body = b""
        if len(body) < 6 or zlib.crc32(body[:-4]) != int.from_bytes(body[-4:], "little"):
            return frame(REPLY, 0, Status.BAD_FRAME)
        command, sequence, payload = body[0], body[1], body[2:-4]
        self.frames.append((command, sequence))
        status, answer = self._in_order(command, sequence, payload)
        return frame(command | REPLY, sequence, status, payload=answer)

    def reset(self) -> None:
        """As the board's reset button."""
        self.following, self.open, self._pending = 0, False, b""

    def _in_order(self, command: int, sequence: int, payload: bytes) -> tuple[Status, bytes]:
        if command not in ORDERED:
            if command == Command.IDENTIFY:
                return Status.OK, self._identity + bytes((self.following,))
            return self._do(command, payload)
        behind = (self.following - sequence) % 256
        if not self.open and (command != Command.OPEN or behind):
            return Status.CLOSED, b""
        if behind > WINDOW:
            return Status.OUT_OF_ORDER, b""
        if behind:
            return self._answers[sequence]
        status, answer = self._do(command, payload)
        if status in (Status.OK, Status.OVERRUN):
            self.open = True
            self.following = (sequence + 1) % 256
            self._answers[sequence] = (status, answer)
            self.done.append((command, payload))
        return status, answer

    def _do(self, command: int, payload: bytes) -> tuple[Status, bytes]:
        state, config = self.golden.state, self.config
        match command:
            case Command.LOAD_PROGRAM:
                (address,) = struct.unpack_from("<H", payload)
                words = [payload[i : i + 16] for i in range(2, len(payload), 16)]
                if address + len(words) > config.program:
                    return Status.BAD_ADDRESS, b""
                decoded = [Instruction.decode(int.from_bytes(word, "little")) for word in words]
                self._program[address : address + len(words)] = decoded
                self.golden.load_program(self._program)
            case Command.WRITE_ROW:
                (row,) = struct.unpack_from("<I", payload)
                if row >= config.rows:
                    return Status.BAD_ADDRESS, b""
                values = np.frombuffer(payload, "<i2", offset=4).astype(np.int32)
                if values.min() < config.weight.min or values.max() > config.weight.max:
                    return Status.BAD_VALUE, b""
                state.write_row(row, torch.from_numpy(values))
            case Command.READ_ROW:
                space, row = struct.unpack("<BI", payload)
                memory = state.weights if space == Space.WEIGHTS else state.vectors
                if row >= len(memory):
                    return Status.BAD_ADDRESS, b""
                return Status.OK, memory[row].numpy().astype("<i2").tobytes()
            case Command.SAMPLE:
                return self._sample(payload)
            case Command.COUNTERS:
                return Status.OK, struct.pack("<9Q", self.cycles, *state.counters.tolist())
            case Command.SEED:
                state.seed(struct.unpack("<I", payload)[0])
            case Command.RESET | Command.OPEN:
                state.counters.zero_()
                self.cycles = 0
            case _:
                return Status.BAD_COMMAND, b""
        return Status.OK, b""

    def _sample(self, payload: bytes) -> tuple[Status, bytes]:
        entry, label = struct.unpack_from("<HB", payload)
        pixels, position, place = np.zeros(self.config.inputs, np.uint8), 3, 0
        while position < len(payload):
            skip, count = payload[position], payload[position + 1]
            place += skip
            pixels[place : place + count] = np.frombuffer(payload, np.uint8, count, position + 2)
            position, place = position + 2 + count, place + count
        if label >= self.config.classes:
            return Status.BAD_VALUE, b""
        batch = Batch.from_images(pixels[None], np.array([label], np.uint8))
        try:
            results = self.golden.run(entry, batch, self.bound)[0]
        except ProgramError:
            return Status.OVERRUN, b""
        self.cycles += 100
        return Status.OK, struct.pack(f"<{len(results)}I", *results)


class ModelTransport:
    """A line to a :class:`ModelCore` that hands over bytes in small pieces.

    Attributes
    ----------
    script : bytes that :meth:`read` gives first, in this order; an empty piece is a time-out.
    most : the most commands that were on their way at once.
    """

    name = "model"

    def __init__(self, core: ModelCore, piece: int = 7) -> None:
        self.core = core
        self.script: deque[bytes] = deque()
        self.most = 0
        self.closed = False
        self._piece = piece
        self._waiting = b""
        self._unanswered = 0

    def write(self, data: bytes) -> None:
        before = len(self.core.frames)
        self._waiting += self.core.feed(data)
        self._unanswered += len(self.core.frames) - before
        self.most = max(self.most, self._unanswered)

    def read(self, patience: int = 1) -> bytes:
        if self.script:
            return self.script.popleft()
        data, self._waiting = self._waiting[: self._piece], self._waiting[self._piece :]
        self._unanswered -= data.count(0)
        return data

    def close(self) -> None:
        self.closed = True


class PtyCore:
    """Something at the other end of a serial line: ``port`` is its pseudo-terminal; a context manager.

    Parameters
    ----------
    feed : called with the bytes that arrive, and now and then with none; returns those to send.
    """

    def __init__(self, feed: Callable[[bytes], bytes]) -> None:
        self._feed = feed
        self._master, self._slave = os.openpty()
        tty.setraw(self._slave)
        self.port = os.ttyname(self._slave)
        self._stop = threading.Event()
        self._thread = threading.Thread(target=self._serve, daemon=True)

    def _serve(self) -> None:
        while not self._stop.is_set():
            arrived = select.select([self._master], [], [], 0.005)[0]
            answer = self._feed(os.read(self._master, 4096) if arrived else b"")
            while answer:
                answer = answer[os.write(self._master, answer) :]

    def __enter__(self) -> PtyCore:
        self._thread.start()
        return self

    def __exit__(self, *_: object) -> None:
        self.unplug()

    def unplug(self) -> None:
        """Stop, and close the line."""
        if not self._stop.is_set():
            self._stop.set()
            self._thread.join()
            os.close(self._slave)
            os.close(self._master)
