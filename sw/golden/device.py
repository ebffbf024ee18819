"""A weight memory with noise and lanes with gain errors, in integers: the arithmetic of an imperfection."""

from __future__ import annotations

import math

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor

from onward.hw.spec.config import CoreConfig
from onward.hw.spec.tables import generator_constant

from .imperfection import Imperfection

__all__ = ["Device"]

_READ_FRACTION = 8
"""Further fraction bits of a weight as it is read: noise far below its last bit still counts."""
_GAIN_FRACTION = 14
_SCALE_FRACTION = 16
_BYTES_MEAN = 2 * 255
_BYTES_DEVIATION = math.sqrt(4 * (256**2 - 1) / 12)
"""Of the sum of the four bytes of a random word: nearly a Gaussian, within 3.45 standard deviations."""


class Device:
    """The weights of one core as its lanes see them.

    Its random numbers are its own, one generator a lane, which steps when a row is read with noise: the core's
    generators, and all that depends on them, are as in an ideal core. They are never seeded again.

    Parameters
    ----------
    config : the core.
    imperfection : what is wrong with it; an ideal device gives the weights as they are.

    Attributes
    ----------
    fraction : further fraction bits of weights that were read; 0 in an ideal device.
    """

    def __init__(self, config: CoreConfig, imperfection: Imperfection) -> None:
        self._ideal = imperfection.is_ideal
        self.fraction = 0 if self._ideal else _READ_FRACTION
        # A range of constants for each seed, none of them a core's: neighbouring seeds make unrelated devices.
        first = (imperfection.seed + 1) << 16
        self._generators = torch.tensor([generator_constant(first + lane) | 1 for lane in range(config.lanes)])
        error = self._drawn(imperfection.gain_error, _GAIN_FRACTION)
        # No lane turns signs around: at worst it is dead.
        self._gains = (error + (1 << _GAIN_FRACTION)).clamp(min=0)
        self._noise = _scale(imperfection.read_noise, config.weight.fraction + _READ_FRACTION)

    def read(self, row: Tensor) -> Tensor:
        """A row of weight codes (lanes,) as a product sees it: noise and gain included, :attr:`fraction` more bits."""
        if self._ideal:
            return row.long()
        value = row.long() << _READ_FRACTION
        if self._noise:
            value += self._scaled(self._noise)
        return self.gain(value)

    def gain(self, products: Tensor) -> Tensor:
        """Products (lanes,) as the lanes' multipliers make them, rounded to nearest."""
        if self._ideal:
            return products
        return (products * self._gains + (1 << (_GAIN_FRACTION - 1))) >> _GAIN_FRACTION

    def arrays(self) -> tuple[NDArray[np.int64], ...] | None:
        """The same for the compiled kernel: levels, gains, generators and room for a row; None if it is ideal.

        The arrays share their memory with this object. Levels are the noise's scale and its fraction bits, and the
        fraction bits of weights read and of gains.
        """
        if self._ideal:
            return None
        levels = np.array([self._noise, _SCALE_FRACTION, _READ_FRACTION, _GAIN_FRACTION], dtype=np.int64)
        return levels, self._gains.numpy(), self._generators.numpy(), np.zeros(len(self._gains), dtype=np.int64)

    def _drawn(self, deviation: float, fraction: int) -> Tensor:
        """A random number for every lane, of mean 0, with so many fraction bits."""
        return self._scaled(_scale(deviation, fraction))

    def _scaled(self, scale: int) -> Tensor:
        """Step every generator; its number times ``scale``, rounded to nearest."""
        state = self._generators
        state ^= (state << 13) & 0xFFFFFFFF
        state ^= state >> 17
        state ^= (state << 5) & 0xFFFFFFFF
        total = (state & 255) + ((state >> 8) & 255) + ((state >> 16) & 255) + (state >> 24)
        return ((total - _BYTES_MEAN) * scale + (1 << (_SCALE_FRACTION - 1))) >> _SCALE_FRACTION


def _scale(deviation: float, fraction: int) -> int:
    """What the sum of random bytes, less its mean, is multiplied by for such a standard deviation."""
    return round(deviation * 2 ** (fraction + _SCALE_FRACTION) / _BYTES_DEVIATION)
