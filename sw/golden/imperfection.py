"""What an imperfect, say analogue, device adds to its weights: noise and gain errors, for studies only."""

from __future__ import annotations

from dataclasses import dataclass

__all__ = ["Imperfection"]


@dataclass(frozen=True)
class Imperfection:
    """How far a weight memory and its lanes are from ideal; the default is ideal.

    It exists in the golden model alone: the gateware is digital and has no such mode, and
    :class:`~onward.hw.spec.config.CoreConfig` therefore no such field. :class:`~.device.Device` has the arithmetic.

    Members
    -------
    read_noise : standard deviation of what is added to a weight each time that a product reads it (MAC, ROWS, LMAC),
        in the unit of weights: 0.05 is a twentieth of a weight of 1.0; weights range over [-4, 4). 0 to 4. An update
        adds to the stored weight, without noise.
    gain_error : standard deviation of g in the gain 1 + g of a lane, drawn once. 0 to 1. It is the gain of the one
        multiplier that a lane has for its weights: of products with them (MAC, ROWS, LMAC) and of those that are added
        to them (UPD, LUPD). Products of vectors with each other are exact.
    seed : of the gains and of the noise; not negative.

    Raises
    ------
    ValueError
        For a value out of range.
    """

    read_noise: float = 0.0
    gain_error: float = 0.0
    seed: int = 0

    def __post_init__(self) -> None:
        # So written that NaN is refused, too.
        if not 0 <= self.read_noise <= 4:
            raise ValueError(f"read_noise must be 0 to 4, not {self.read_noise}")
        if not 0 <= self.gain_error <= 1:
            raise ValueError(f"gain_error must be 0 to 1, not {self.gain_error}")
        if self.seed < 0:
            raise ValueError(f"the seed of an imperfection must be 0 or more, not {self.seed}")

    @property
    def is_ideal(self) -> bool:
        """Whether there is neither noise nor any gain error."""
        return self.read_noise == 0 and self.gain_error == 0
