"""A core at the other end of the link."""

from __future__ import annotations

import time
from collections.abc import Iterable

import numpy as np
from numpy.typing import NDArray

from onward.hw.spec.config import CoreConfig
from onward.hw.spec.protocol import Command, Space, Status
from onward.sw.golden.sample import Batch
from onward.sw.programs.assembler import Program

from . import frames
from .batches import dense
from .board import Board, Progress
from .frames import FrameDecoder, LinkError, Reply, StatusError
from .transport import Clocked, Transport

__all__ = ["LinkBoard"]

_WINDOW = 2
"""Commands on their way at a time, the most that the protocol allows: one sample is sent while another is used."""

_PATIENCE = 10.0
"""Seconds in which a core must have answered the first questions, whatever else the line brings."""


class LinkBoard(Board):
    """A core behind a transport.

    Opening it asks the core who it is, waits until what an earlier host has started is over, and clears its counters.
    Every reply must be the next one due; anything else ends the use of the board with a LinkError.

    Parameters
    ----------
    config : the core that should be there.
    transport : the way to it; closed with the board, and when opening fails.

    Raises
    ------
    LinkError
        If nothing answers, what answers speaks another language, or the core has another configuration.
    """

    def __init__(self, config: CoreConfig, transport: Transport) -> None:
        super().__init__(transport.name, config)
        self._transport = transport
        self._decoder = FrameDecoder()
        self._replies: list[Reply] = []
        self._sequence = 0
        try:
            self._meet()
        except BaseException:
            transport.close()
            raise

    def read_vector(self, word: int) -> NDArray[np.int32]:
        payload = self._command(Command.READ_ROW, frames.read_row_payload(Space.VECTORS, word))
        return frames.parse_row(payload, self.config.lanes).astype(np.int32)

    def seed(self, seed: int) -> None:
        self._command(Command.SEED, frames.seed_payload(seed))

    def counters(self) -> dict[str, int | None]:
        return dict(frames.parse_counters(self._command(Command.COUNTERS)))

    def reset(self) -> None:
        self._command(Command.RESET)

    def clock(self) -> int | None:
        return self._transport.cycles if isinstance(self._transport, Clocked) else None

    def close(self) -> None:
        self._transport.close()

    def _load(self, program: Program) -> None:
        self._stream(Command.LOAD_PROGRAM, frames.program_payloads(self.config, program.words()))

    def _write_rows(self, rows: NDArray[np.int32], first: int) -> None:
        self._stream(Command.WRITE_ROW, (frames.row_payload(first + i, row) for i, row in enumerate(rows)))

    def _read_rows(self, rows: int) -> NDArray[np.int32]:
        wanted = (frames.read_row_payload(Space.WEIGHTS, row) for row in range(rows))
        answers = self._stream(Command.READ_ROW, wanted)
        lanes = self.config.lanes
        return np.array([frames.parse_row(payload, lanes) for payload in answers], np.int32).reshape(rows, lanes)

    def _run(self, entry: int, batch: Batch, progress: Progress) -> list[list[int]]:
        inputs = self.config.inputs
        samples = (
            frames.sample_payload(dense(batch, i, inputs), int(batch.labels[i]), entry) for i in range(len(batch))
        )
        answers = self._stream(Command.SAMPLE, samples, progress)
        return [frames.parse_results(payload).tolist() for payload in answers]

    # talking ------------------------------------------------------------------------------------------------------

    def _command(self, command: Command, payload: bytes = b"") -> bytes:
        return self._stream(command, [payload])[0]

    def _stream(
        self, command: Command, payloads: Iterable[bytes], progress: Progress = lambda done: None
    ) -> list[bytes]:
        """Send commands of one kind, some ahead of their replies; returns the payloads of the replies.

        When the core refuses one, those already sent are waited for, so that the line is quiet again.
        """
        answers: list[bytes] = []
        due: list[int] = []
        try:
            for payload in payloads:
                if len(due) == _WINDOW:
                    answers.append(self._take(command, due))
                    progress(len(answers))
                due.append(self._send(command, payload))
            while due:
                answers.append(self._take(command, due))
                progress(len(answers))
        except StatusError as error:
            for _ in due:
                self._next_reply()
            raise LinkError(f"{self.name}: {error}") from None
        return answers

    def _send(self, command: Command, payload: bytes = b"") -> int:
        self._sequence = (self._sequence + 1) & 0xFF
        self._transport.write(frames.encode_frame(command, self._sequence, payload))
        return self._sequence

    def _take(self, command: Command, due: list[int]) -> bytes:
        """Strike the next reply off ``due`` and return its payload; raises StatusError if the core has refused.

        Results come in order; only a refusal may overtake the results of a sample that was sent before.
        """
        reply = self._next_reply()
        if reply.status is Status.BAD_FRAME:
            raise LinkError(f"{self.name}: {command.name} {due[0]} was damaged on its way to the core")
        expected = due[:1] if reply.status is Status.OK else due
        if reply.command != command or reply.sequence not in expected:
            raise LinkError(
                f"{self.name}: expected the reply to {command.name} with sequence number {due[0]},"
                f" got one to {_name(reply.command)} with {reply.sequence}"
            )
        due.remove(reply.sequence)
        return reply.result()

    def _next_reply(self) -> Reply:
        while not self._replies:
            data = self._transport.read()
            if not data:
                raise LinkError(f"{self.name}: the core has stopped answering")
            self._receive(data)
            if self._decoder.damaged:
                raise LinkError(f"{self.name}: a reply was damaged on its way from the core")
        return self._replies.pop(0)

    def _receive(self, data: bytes) -> None:
        try:
            self._replies += self._decoder.feed(data)
        except LinkError as error:
            raise LinkError(f"{self.name}: {error}") from None

    # the first words ----------------------------------------------------------------------------------------------

    def _meet(self) -> None:
        """Find out who is there, through whatever an earlier host has left on the line."""
        # The zero ends a frame that an earlier host may have left unfinished.
        self._transport.write(b"\0")
        identity = self._ask(Command.IDENTIFY)
        deadline = time.monotonic() + _PATIENCE
        try:
            frames.parse_identity(identity.result()).check(self.config)
            while (answer := self._ask(Command.RESET)).status is Status.BUSY:
                if time.monotonic() > deadline:
                    raise LinkError("the core stays busy with what an earlier host has started")
                time.sleep(0.01)
            answer.result()
        except LinkError as error:
            raise LinkError(f"{self.name}: {error}") from None

    def _ask(self, command: Command) -> Reply:
        """The reply to a command, with replies to others and damaged bytes around it ignored."""
        sequence, deadline = self._send(command), time.monotonic() + _PATIENCE
        heard = 0
        while True:
            while self._replies:
                reply = self._replies.pop(0)
                if (reply.command, reply.sequence) == (command, sequence):
                    self._decoder.damaged = 0
                    return reply
            data = self._transport.read() if time.monotonic() < deadline else b""
            heard += len(data)
            if not data and heard:
                raise LinkError(
                    f"{self.name}: what answers is no core: {heard} bytes, but no reply to {command.name};"
                    " is it the right port, with the right baud rate?"
                )
            if not data:
                raise LinkError(f"{self.name}: silent: no answer to {command.name}; is the board on and configured?")
            self._receive(data)


def _name(command: int) -> str:
    return Command(command).name if command in set(Command) else f"command {command}"
