"""What can go wrong on the way to a bitstream."""

from __future__ import annotations

__all__ = ["BuildError", "OutOfTime"]


class BuildError(RuntimeError):
    """A bitstream cannot be built or loaded; the message says why, and what would help."""


class OutOfTime(BuildError):
    """A tool has been stopped because it did not come to an end in its time."""
