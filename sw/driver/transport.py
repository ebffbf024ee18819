"""What carries the bytes of the link."""

from __future__ import annotations

from typing import Protocol, runtime_checkable

__all__ = ["Clocked", "Transport"]


class Transport(Protocol):
    """Bytes to a core and bytes from it, in order; raises DeviceLost with the reason when it breaks.

    Attributes
    ----------
    name : what the user calls it, to begin error messages with.
    """

    name: str

    def write(self, data: bytes) -> None:
        """Send all of ``data``."""

    def read(self, patience: int = 1) -> bytes:
        """What has come, at least one byte; nothing if the core has stayed silent for too long.

        That is ``patience`` times as long as an answer may usually take.
        """

    def close(self) -> None:
        """Give the line back; calling it again does nothing."""


@runtime_checkable
class Clocked(Protocol):
    """A transport that knows the board's clock.

    Attributes
    ----------
    cycles : that the board has lived through.
    """

    @property
    def cycles(self) -> int: ...
