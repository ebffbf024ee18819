"""A core at the other end of the link."""

from __future__ import annotations

import time
from collections.abc import Iterable, Iterator
from contextlib import contextmanager

import numpy as np
from numpy.typing import NDArray

from onward.hw.spec.config import CoreConfig
from onward.hw.spec.protocol import WINDOW, Command, Space, Status
from onward.sw.golden.sample import Batch
from onward.sw.programs.assembler import Program

from . import frames
from .batches import dense
from .board import Board, Progress
from .exchange import Exchange, LineFaults
from .frames import DeviceLost, LinkError, Reply
from .transport import Clocked, Transport

__all__ = ["LinkBoard"]

_FIRST_SILENCES = 4
"""Time-outs after which nobody is there."""

_PATIENCE = 10.0
"""Seconds in which a core must have answered the first questions, whatever else the line brings."""


class LinkBoard(Board):
    """A core behind a transport.

    Opening it asks the core who it is, waits until what an earlier host has started is over, and begins a session,
    which clears its counters. What the line damages, loses or repeats is made good; what cannot be made good ends the
    use of the board.

    Parameters
    ----------
    config : the core that should be there.
    transport : the way to it; closed with the board, and when opening fails.

    Raises
    ------
    LinkError
        If nothing answers, what answers speaks another language, or the core has another configuration. Later: if the
        core refuses a command, or the line is too bad.
    DeviceLost
        Later, from all methods: the core stays silent, or has been reset, so that its session is over.
    """

    def __init__(self, config: CoreConfig, transport: Transport) -> None:
        super().__init__(transport.name, config)
        self._transport = transport
        self._exchange = Exchange(transport)
        try:
            with self._named():
                self._meet()
        except BaseException:
            transport.close()
            raise

    @property
    def faults(self) -> LineFaults:
        """What has gone wrong on the line so far, and was made good."""
        return self._exchange.faults

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
        # A compact core takes instructions slower than a line brings them.
        most = 1 if self.config.compact else WINDOW
        self._stream(Command.LOAD_PROGRAM, frames.program_payloads(self.config, program.words()), most=most)

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
        self,
        command: Command,
        payloads: Iterable[bytes],
        progress: Progress = lambda done: None,
        most: int = WINDOW,
    ) -> list[bytes]:
        with self._named():
            return self._exchange.stream(command, payloads, progress, most)

    @contextmanager
    def _named(self) -> Iterator[None]:
        """Put the board's name in front of what the line has to complain about."""
        try:
            yield
        except DeviceLost as error:
            raise DeviceLost(self._with_name(error)) from None
        except LinkError as error:
            raise LinkError(self._with_name(error)) from None

    def _with_name(self, error: LinkError) -> str:
        text = str(error)
        return text if text.startswith(f"{self.name}: ") else f"{self.name}: {text}"

    # the first words ----------------------------------------------------------------------------------------------

    def _meet(self) -> None:
        """Find out who is there, through whatever an earlier host has left on the line, and begin a session."""
        # The zero ends a frame that an earlier host may have left unfinished.
        self._transport.write(b"\0")
        deadline = time.monotonic() + _PATIENCE
        while True:
            identity = frames.parse_identity(self._ask(Command.IDENTIFY).result())
            identity.check(self.config)
            self._exchange.following = identity.following
            answer = self._ask(Command.OPEN)
            if answer.status is Status.OK:
                return
            if answer.status not in (Status.BUSY, Status.OUT_OF_ORDER, Status.CLOSED):
                answer.result()
            if time.monotonic() > deadline:
                raise LinkError("the core stays busy with what an earlier host has started")
            time.sleep(0.01)

    def _ask(self, command: Command) -> Reply:
        """The reply to one of the first commands."""
        reply, heard = self._exchange.ask(command, _FIRST_SILENCES, _PATIENCE)
        if reply:
            return reply
        if heard:
            raise LinkError(
                f"what answers is no core: {heard} bytes, but no reply to {command.name};"
                " is it the right port, with the right baud rate?"
            )
        raise LinkError(f"silent: no answer to {command.name}; is the board on and configured?")
