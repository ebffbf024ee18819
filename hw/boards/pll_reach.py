"""What a PLL's settings must reach to be accepted."""

from __future__ import annotations

from fractions import Fraction
from typing import Protocol, TypeVar

from .errors import BuildError

__all__ = ["require_near"]

_LEAST = Fraction(97, 100)
"""The coarsest steps, of an iCE40's dividers, are 2.3 % apart (12 MHz, 32 to 33.75 MHz)."""


class _Settings(Protocol):
    @property
    def clock_mhz(self) -> Fraction: ...


_Found = TypeVar("_Found", bound=_Settings)


def require_near(found: _Found | None, reference_mhz: float, clock_mhz: float, part: str, span: str) -> _Found:
    """``found`` itself, the settings nearest to ``clock_mhz`` but not above it.

    Parameters
    ----------
    found : settings with their ``clock_mhz``, or None.
    reference_mhz, clock_mhz : what the PLL gets, and what it should make.
    part : what the device calls it. ``span`` : clocks that it can make, for the message.

    Raises
    ------
    BuildError
        If there is none, or its clock is more than 3 % below.
    """
    wanted = Fraction(clock_mhz).limit_denominator(1000)
    if found is None or found.clock_mhz < wanted * _LEAST:
        raise BuildError(f"the {part} cannot make {clock_mhz:g} MHz of {reference_mhz:g} MHz: choose {span}")
    return found
