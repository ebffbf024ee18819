"""A transport that counts what it carries."""

from __future__ import annotations

from .transport import Transport

__all__ = ["CountedTransport"]


class CountedTransport:
    """Another transport, with its bytes counted.

    Parameters
    ----------
    inner : what carries them.

    Attributes
    ----------
    written, received : bytes to the core, and from it, so far.
    """

    def __init__(self, inner: Transport) -> None:
        self._inner = inner
        self.name = inner.name
        self.written = self.received = 0

    def write(self, data: bytes) -> None:
        self.written += len(data)
        self._inner.write(data)

    def read(self, patience: int = 1) -> bytes:
        data = self._inner.read(patience)
        self.received += len(data)
        return data

    def close(self) -> None:
        self._inner.close()
