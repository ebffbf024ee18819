"""The host's side of the link, for benches: frames in, replies out, random stalls on both byte streams."""

from __future__ import annotations

import random
from typing import Any

import cocotb
from cocotb.queue import Queue
from cocotb.triggers import SimTimeoutError, with_timeout

from onward.hw.spec.protocol import ORDERED, Command, Status
from onward.sim.coverage.bins import bins
from onward.sw.driver.frames import FrameDecoder, Reply, encode_frame

from .driver import StreamDriver
from .gaps import Gaps
from .monitor import StreamMonitor

__all__ = ["Host"]

_PATIENCE_MS = 5
"""Simulated time in which a frame must have been taken, or answered: half a million cycles."""


class Host:
    """Talks to a design with the byte streams ``i`` and ``o``.

    Parameters
    ----------
    dut : the top module.
    rng : decides the stalls.
    """

    def __init__(self, dut: Any, rng: random.Random) -> None:
        # Mostly fluent, so that long transfers stay affordable, but with enough stalls to meet every state of the link.
        self._driver = StreamDriver(dut, "i", Gaps(random.Random(rng.random()), chance=0.05))
        self._monitor = StreamMonitor(dut, "o", Gaps(random.Random(rng.random()), chance=0.05))
        self._replies: Queue[Reply] = Queue()
        self._following = 0
        self._sent: dict[int, tuple[int, bytes, bytes]] = {}
        cocotb.start_soon(self._receive())

    async def open(self) -> None:
        """Begin a session with a core that has just been reset."""
        await self.ask(Command.OPEN)

    async def send(self, command: int, payload: bytes = b"", *, refused: bool = False) -> int:
        """Send one command; returns its sequence number when its last byte has been taken.

        It is the next one, which an ordered command uses up unless it will be ``refused``.
        """
        sequence = self._following
        if command in ORDERED and not refused:
            self._following = (sequence + 1) & 0xFF
            self._sent[sequence] = (command, payload, b"")
        await self.send_raw(encode_frame(command, sequence, payload))
        return sequence

    async def repeat(self, behind: int, status: Status = Status.OK) -> None:
        """Send the ordered command sent ``behind`` commands ago once more: the same answer, or ``status``."""
        sequence = (self._following - behind) & 0xFF
        command, payload, answer = self._sent.get(sequence, (Command.SEED, bytes(4), b""))
        await self.send_raw(encode_frame(command, sequence, payload))
        found = await self.reply(command, sequence)
        expected = (status, answer if status is Status.OK else b"")
        assert (found.status, found.payload) == expected, f"{Command(command).name}, {behind} ago: {found}"

    async def skip(self, ahead: int) -> None:
        """Send an ordered command whose number is not due yet."""
        sequence = (self._following + ahead) & 0xFF
        await self.send_raw(encode_frame(Command.SEED, sequence, bytes(4)))
        found = await self.reply(Command.SEED, sequence)
        assert found.status is Status.OUT_OF_ORDER, f"{ahead} ahead: {found.status.name}"

    async def send_raw(self, data: bytes) -> None:
        """Send bytes as they are; returns when the last has been taken."""
        try:
            await with_timeout(self._driver.send_all(data), _PATIENCE_MS, "ms")
        except SimTimeoutError:
            raise AssertionError(f"{len(data)} bytes were not taken within {_PATIENCE_MS} ms") from None

    async def reply(self, command: int, sequence: int) -> Reply:
        """The next reply, which must be the one to this command."""
        try:
            found = await with_timeout(self._replies.get(), _PATIENCE_MS, "ms")
        except SimTimeoutError:
            raise AssertionError(f"no reply to command {command} within {_PATIENCE_MS} ms") from None
        names = (found.command, found.sequence)
        assert names == (command, sequence), f"the reply to {names} instead of {(command, sequence)}: {found}"
        bins.link(command, found.status)
        if found.status is Status.OK and command in ORDERED and sequence in self._sent:
            self._sent[sequence] = (*self._sent[sequence][:2], found.payload)
        return found

    async def ask(self, command: Command, payload: bytes = b"") -> bytes:
        """Send a command that must succeed; returns the payload of its reply."""
        found = await self.reply(command, await self.send(command, payload))
        assert found.status is Status.OK, f"{command.name}: {found.status.name}"
        return found.payload

    async def ask_all(self, command: Command, payloads: list[bytes]) -> list[bytes]:
        """Many of them, each sent before the reply to the one before has been looked at."""
        sender = cocotb.start_soon(self._send_all(command, payloads))
        first, step = self._following, int(command in ORDERED)
        answers = []
        for number in range(len(payloads)):
            found = await self.reply(command, (first + step * number) & 0xFF)
            assert found.status is Status.OK, f"{command.name} {number}: {found.status.name}"
            answers.append(found.payload)
        await sender
        return answers

    @property
    def unread(self) -> int:
        """Replies that have come without being asked for."""
        return self._replies.qsize()

    async def _send_all(self, command: Command, payloads: list[bytes]) -> None:
        for payload in payloads:
            await self.send(command, payload)

    async def _receive(self) -> None:
        decoder = FrameDecoder()
        frame = bytearray()
        while True:
            frame.append(await self._monitor.get())
            if frame[-1] == 0:
                for reply in decoder.feed(bytes(frame)):
                    self._replies.put_nowait(reply)
                assert decoder.damaged == 0, f"a damaged reply: {frame.hex()}"
                frame.clear()
