"""Commands to a core and their answers: each carried out once and in order, whatever the line does to the bytes."""

from __future__ import annotations

import time
from collections import deque
from collections.abc import Callable, Iterable
from dataclasses import asdict, dataclass

from onward.hw.spec.protocol import ORDERED, WINDOW, Command, Status

from . import frames
from .frames import DeviceLost, FrameDecoder, LinkError, Reply, StatusError
from .transport import Transport

__all__ = ["Exchange", "LineFaults"]

_SILENCES = 8
"""Times in a row that nothing may come before the core is given up."""
_LONGEST_WAIT = 8
"""Times the transport's patience: the time-out doubles up to here."""
_SENDS = 32
"""Times that one command may be sent."""
_HAS_RESULTS = (Command.SAMPLE, Command.RUN)


@dataclass
class LineFaults:
    """What has gone wrong on the line, and was made good.

    Members
    -------
    damaged_commands : that the core has said were damaged.
    gaps : commands that the core refused because one before them was missing.
    damaged_replies : frames from the core that were none.
    silences : time-outs.
    stale_replies : to commands that had their answer already.
    resent : commands sent once more.
    """

    damaged_commands: int = 0
    gaps: int = 0
    damaged_replies: int = 0
    silences: int = 0
    stale_replies: int = 0
    resent: int = 0

    def __str__(self) -> str:
        return ", ".join(f"{name.replace('_', ' ')} {count:,}" for name, count in asdict(self).items())


@dataclass
class _Sent:
    """A command on its way."""

    sequence: int
    frame: bytes
    times: int = 1
    answer: bytes | None = None


class Exchange:
    """The host's half of the protocol's rules about numbers, see ``docs/protocol.md``.

    Up to two commands are on their way. One is sent again when it must have been lost, or its reply: the core knows
    what it has carried out already, and repeats only the answer. After a silence all are sent again; each silence in a
    row may last twice as long as the one before, up to eight times as long.

    Parameters
    ----------
    transport : the line.

    Attributes
    ----------
    faults : what has been made good so far.
    following : number of the next ordered command, to be set before the first of them.
    """

    def __init__(self, transport: Transport) -> None:
        self._transport = transport
        self._decoder = FrameDecoder()
        self._replies: deque[Reply] = deque()
        self._question = 0
        self._silences = 0
        self._doubt = False  # some frame was lost, and it is not known which
        self.following = 0
        self.faults = LineFaults()

    def stream(
        self,
        command: Command,
        payloads: Iterable[bytes],
        progress: Callable[[int], None] = lambda done: None,
        most: int = WINDOW,
    ) -> list[bytes]:
        """Send commands of one kind, some ahead of their replies; returns the payloads of the replies, in order.

        At most ``most`` are on their way at a time.

        Raises
        ------
        StatusError
            If the core refuses one; those before it have been carried out, those behind it not. Or if it ends its
            program; then one behind it may have been carried out, too.
        DeviceLost
            If the core stays silent, or has been reset.
        LinkError
            If the line is too bad, or what answers is no core.
        """
        source = iter(payloads)
        answers: list[bytes] = []
        window: deque[_Sent] = deque()
        refusal: StatusError | None = None
        self._silences, self._doubt = 0, False
        more = True
        while True:
            while more and len(window) < most:
                payload = next(source, None)
                more = payload is not None
                if payload is not None:
                    window.append(self._send(command, payload))
            if not window:
                break
            try:
                self._listen(command, window)
            except StatusError as error:
                refusal, more = error, False
            while window and (answer := window[0].answer) is not None:
                window.popleft()
                answers.append(answer)
                progress(len(answers))
        if refusal:
            raise refusal
        return answers

    def ask(self, command: Command, silences: int, seconds: float) -> tuple[Reply | None, int]:
        """The reply to a command without payload, sent up to ``silences`` times; and how many bytes have come.

        For the first words to what may be no core: whatever else comes is ignored.
        """
        sent = self._send(command, b"")
        heard, deadline = 0, time.monotonic() + seconds
        for silence in range(silences):
            while data := self._transport.read(1 << silence):
                heard += len(data)
                for reply in self._decoder.feed(data):
                    if (reply.command, reply.sequence) == (command, sent.sequence):
                        return reply, heard
                if time.monotonic() > deadline:
                    return None, heard  # it never stops
            if silence + 1 < silences:
                self._transport.write(b"\0" + sent.frame)
        return None, heard

    # sending ------------------------------------------------------------------------------------------------------

    def _send(self, command: Command, payload: bytes) -> _Sent:
        if command in ORDERED:
            sequence, self.following = self.following, (self.following + 1) % 256
        else:
            sequence = self._question = (self._question + 1) % 256
        sent = _Sent(sequence, frames.encode_frame(command, sequence, payload))
        self._transport.write(sent.frame)
        return sent

    def _send_again(self, command: Command, window: Iterable[_Sent]) -> None:
        """Send whatever has no answer yet; the zero byte in front ends what may have been left unfinished."""
        for sent in window:
            if sent.answer is None:
                if sent.times == _SENDS:
                    raise LinkError(f"{command.name} was sent {_SENDS} times without an answer; {self.faults}")
                sent.times += 1
                self.faults.resent += 1
                self._transport.write(b"\0" + sent.frame)

    # listening ----------------------------------------------------------------------------------------------------

    def _listen(self, command: Command, window: deque[_Sent]) -> None:
        """Take the next reply, or notice that there is none, and do what follows from it."""
        if not self._replies and not self._receive(command, window):
            return
        if not self._replies:
            return
        reply = self._replies.popleft()
        if reply.status is Status.BAD_FRAME:
            self.faults.damaged_commands += 1
            self._miss(command, window)
            return
        place = next(
            (n for n, sent in enumerate(window) if sent.answer is None and sent.sequence == reply.sequence), None
        )
        if reply.command != command or place is None:
            self.faults.stale_replies += 1
            return
        match reply.status:
            case Status.OK:
                self._silences = 0
                window[place].answer = reply.payload
                earlier = [sent for n, sent in enumerate(window) if n < place]
                # Replies come in the order of their commands: those to the ones before have been lost.
                self._send_again(command, window if self._doubt else earlier)
                self._doubt = False
            case Status.OUT_OF_ORDER:
                self.faults.gaps += 1
                self._doubt = False
                self._send_again(command, window)
            case Status.CLOSED:
                raise DeviceLost("the core has been reset")
            case Status.BUSY if command in _HAS_RESULTS and window[place].times > 1:
                pass  # it is at work on it
            case _:
                if reply.status is Status.OVERRUN:
                    del window[place]
                else:
                    # Its number has not been used up, and so those behind it have come too early.
                    while len(window) > place:
                        window.pop()
                    self.following = reply.sequence if command in ORDERED else self.following
                raise StatusError(command, reply.status)

    def _receive(self, command: Command, window: deque[_Sent]) -> bool:
        """Wait for bytes; whether a reply may have come."""
        data = self._transport.read(min(1 << self._silences, _LONGEST_WAIT))
        if not data:
            self.faults.silences += 1
            self._silences += 1
            if self._silences == _SILENCES:
                raise DeviceLost(f"the core has stopped answering: {command.name} was sent {window[0].times} times")
            self._doubt = False
            self._send_again(command, window)
            return False
        damaged = self._decoder.damaged
        self._replies += self._decoder.feed(data)
        for _ in range(self._decoder.damaged - damaged):
            self.faults.damaged_replies += 1
            self._miss(command, window)
        return True

    def _miss(self, command: Command, window: deque[_Sent]) -> None:
        """A frame was lost in one of the two directions. With two on their way, the next reply tells which."""
        self._doubt = sum(sent.answer is None for sent in window) > 1
        if not self._doubt:
            self._send_again(command, window)
