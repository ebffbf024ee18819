"""A line that damages, loses, repeats and delays what it carries."""

from __future__ import annotations

import random
from collections import Counter, deque
from dataclasses import dataclass, fields

from .transport import Transport

__all__ = ["FaultRates", "FaultyTransport"]

_REMEMBERED = 100
"""Frames of which a late copy may come: less than half of the numbers that frames have."""


@dataclass(frozen=True)
class FaultRates:
    """How often something happens to a frame, for each kind from 0 to 1; together at most 1.

    Parameters
    ----------
    flip : one of its bits is inverted.
    drop : it is lost.
    duplicate : it comes twice, or an older frame once more.
    truncate : its end is lost, and with it the zero byte that ends it.
    delay : it and all that follows come only after a silence.
    insert : random bytes come in front of it or in its middle.

    Raises
    ------
    ValueError
        If a rate is negative, or all together are more than 1.
    """

    flip: float = 0.0
    drop: float = 0.0
    duplicate: float = 0.0
    truncate: float = 0.0
    delay: float = 0.0
    insert: float = 0.0

    def __post_init__(self) -> None:
        rates = [getattr(self, kind) for kind in self.kinds()]
        if min(rates) < 0 or sum(rates) > 1:
            raise ValueError(f"rates of faults must not be negative, nor more than 1 together: {self}")

    @classmethod
    def kinds(cls) -> list[str]:
        """The names of the faults."""
        return [each.name for each in fields(cls)]

    @classmethod
    def evenly(cls, rate: float) -> FaultRates:
        """All kinds equally often, ``rate`` together."""
        return cls(*[rate / len(cls.kinds())] * len(cls.kinds()))


class FaultyTransport:
    """Another transport behind a bad line: faults happen to frames of both directions, a seed decides to which.

    Parameters
    ----------
    inner : what carries the bytes.
    rates : of the faults.
    seed : of the faults.

    Attributes
    ----------
    faults : how many of each kind there have been, commands and replies together.
    frames : that have been carried, or lost.
    """

    def __init__(self, inner: Transport, rates: FaultRates, seed: int) -> None:
        self._inner = inner
        self._random = random.Random(seed)
        self._weights = [getattr(rates, kind) for kind in rates.kinds()]
        self.name = inner.name
        self.faults: Counter[str] = Counter()
        self.frames = 0
        self._commands, self._replies = _Direction(), _Direction()

    def write(self, data: bytes) -> None:
        self._pass(self._commands, data)
        self._send()

    def read(self, patience: int = 1) -> bytes:
        while received := self._inner.read(patience):
            self._pass(self._replies, received)
            if data := self._replies.take():
                return data
        # A silence: what was held back arrives now.
        self._commands.holding = self._replies.holding = False
        self._send()
        return self._replies.take()

    def close(self) -> None:
        self._inner.close()

    def _send(self) -> None:
        if data := self._commands.take():
            self._inner.write(data)

    def _pass(self, direction: _Direction, data: bytes) -> None:
        """Put the frames that ``data`` completes on the line, with faults."""
        *whole, direction.rest = (direction.rest + data).split(b"\0")
        for content in whole:
            frame = content + b"\0"
            if content:
                self.frames += 1
                frame = self._spoil(direction, frame)
            direction.line += frame

    def _spoil(self, direction: _Direction, frame: bytes) -> bytes:
        kinds = [*FaultRates.kinds(), ""]
        kind = self._random.choices(kinds, [*self._weights, 1 - sum(self._weights)])[0]
        direction.earlier.append(frame)
        if not kind:
            return frame
        self.faults[kind] += 1
        place = self._random.randrange(len(frame))
        match kind:
            case "flip":
                bit = 1 << self._random.randrange(8)
                return frame[:place] + bytes((frame[place] ^ bit,)) + frame[place + 1 :]
            case "drop":
                return b""
            case "duplicate":
                return frame + self._random.choice(direction.earlier)
            case "truncate":
                return frame[:place]
            case "insert":
                noise = self._random.randbytes(self._random.randint(1, 8))
                return frame[:place] + noise + frame[place:]
            case _:
                direction.holding = True
                return frame


class _Direction:
    """One of the two directions of the line."""

    def __init__(self) -> None:
        self.rest = b""  # of a frame that has not ended yet
        self.line = b""  # on its way
        self.holding = False
        self.earlier: deque[bytes] = deque(maxlen=_REMEMBERED)

    def take(self) -> bytes:
        """What arrives at the other end."""
        arrived, self.line = (b"", self.line) if self.holding else (self.line, b"")
        return arrived
