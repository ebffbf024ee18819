"""Compares what a unit does with what its model says."""

from __future__ import annotations

from collections import deque
from typing import Any

__all__ = ["Checker"]


class Checker:
    """Events in order: each that comes must equal the next that is expected.

    Parameters
    ----------
    name : begins the message of a difference.
    """

    def __init__(self, name: str) -> None:
        self._name = name
        self._expected: deque[tuple[Any, str]] = deque()
        self.compared = 0

    def expect(self, value: Any, note: str = "") -> None:
        """``value`` shall come next after those expected before; ``note`` says what it belongs to."""
        self._expected.append((value, note))

    def check(self, found: Any) -> None:
        """``found`` has come; raises AssertionError if it is not what was expected."""
        assert self._expected, f"{self._name}: {found!r} came after {self.compared} others, and nothing was expected"
        expected, note = self._expected.popleft()
        assert found == expected, f"{self._name}, number {self.compared} {note}: {found!r} instead of {expected!r}"
        self.compared += 1

    @property
    def outstanding(self) -> int:
        """Events that are expected and have not come."""
        return len(self._expected)

    def finish(self, least: int = 1) -> None:
        """Raises AssertionError if anything is missing, or fewer than ``least`` events have been compared."""
        if self._expected:
            expected, note = self._expected[0]
            raise AssertionError(
                f"{self._name}: {self.outstanding} missing after {self.compared}; the next is {expected!r} {note}"
            )
        assert self.compared >= least, f"{self._name}: only {self.compared} compared, {least} should have been"
