"""How updates round: as the hardware does, or as it does not, to see what that is worth."""

from __future__ import annotations

from typing import Literal, get_args

__all__ = ["ROUNDINGS", "Rounding", "check_rounding"]

Rounding = Literal["stochastic", "nearest"]
"""Of the products that UPD and LUPD add to weights, and of UPD's broadcast operand.

``stochastic`` is the instruction set's. ``nearest`` (halves up) exists in the golden model alone, for studies: the
gateware has no such mode, and :class:`~onward.hw.spec.config.CoreConfig` therefore no such field. Random generators
step in both modes alike, so that nothing else differs, such as the negatives that are drawn.
"""

ROUNDINGS: tuple[str, ...] = get_args(Rounding)


def check_rounding(rounding: str) -> None:
    """Raise ValueError if there is no such rounding."""
    if rounding not in ROUNDINGS:
        raise ValueError(f"rounding must be {' or '.join(ROUNDINGS)}, not {rounding!r}")
