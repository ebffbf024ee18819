"""The predictive forward-forward rule of the core in float, one sample at a time, compiled.

The equations, their order and their parameters are those of the program (``docs/pff.md``), for two hidden layers and
without noise; :class:`.pff.PFF` is the published rule.
"""

from __future__ import annotations

__all__ = ["PFFOnline"]

import math
from typing import Any, NamedTuple

import numpy as np
from numpy.typing import DTypeLike, NDArray

from onward.hw.spec.config import ConfigError
from onward.sw.golden.sample import Batch
from onward.sw.programs.pff_parameters import PFFParameters

from .pff_kernel import FULL_PIXEL, reconstruct, score, train


class PFFOnline:
    """A net of two hidden layers that learns as the program does, without rounding and without limits of numbers.

    Parameters
    ----------
    inputs, hidden, classes, group : sizes, as of a core.
    parameters : of the program.
    seed : of start weights, which are those of the core before rounding, and of what is drawn.
    dtype : of weights and activities.

    Members
    -------
    weights : matrices by name, in the shapes of the core's memory map: ``(inputs, units)``.

    Raises
    ------
    ConfigError
        For another number of layers, with noise, or if the generative circuit is to learn in the steps.
    """

    def __init__(
        self,
        inputs: int,
        hidden: tuple[int, ...],
        classes: int,
        group: int,
        parameters: PFFParameters,
        seed: int = 0,
        dtype: DTypeLike = np.float32,
    ) -> None:
        self.check(hidden, parameters)
        self.parameters, self.dtype = parameters, np.dtype(dtype)
        self.weights: dict[str, NDArray[np.floating]] = {}
        random = np.random.default_rng(seed)
        n1, n2 = hidden
        root = math.sqrt
        shapes = {"W1": (inputs, n1), "b1": (1, n1), "L1": (group, n1), "R1": (classes, n1)}
        shapes |= {"W2": (n1, n2), "b2": (1, n2), "L2": (group, n2), "R2": (classes, n2), "V2": (n2, n1)}
        shapes |= {"VY": (classes, n2), "bR": (classes, 1)}
        shapes |= {"G1": (inputs, n1), "G2": (n2, n1), "Gy": (parameters.codes, n2)}
        deviations = {"W1": 2 / root(inputs), "W2": 1 / root(n1), "V2": 1 / root(n2), "VY": 1 / root(n2)}
        for name, shape in shapes.items():
            if name in deviations:
                values = random.normal(0.0, deviations[name], shape)
            else:
                values = random.uniform(0.0, 0.05, shape) if name[0] in "LG" else np.zeros(shape)
            self.weights[name] = values.astype(dtype)
        self._random = np.random.default_rng((seed, 1))

    @staticmethod
    def check(hidden: tuple[int, ...], parameters: PFFParameters) -> None:
        """Raise ConfigError unless there can be such a net."""
        if len(hidden) != 2:
            raise ConfigError(f"pff in float needs exactly two hidden layers, not {len(hidden)}")
        if parameters.noise or parameters.generator_noise or parameters.generator == "steps":
            raise ConfigError(
                "pff in float has no noise and no generator = steps: leave noise at 0, generator at start or off"
            )

    def train(self, batch: Batch, factor: float = 1.0) -> NDArray[np.int64]:
        """Learn from the samples of ``batch``, one after the other, at the learning rates times ``factor``.

        Returns
        -------
        The wrong label that each sample had as its negative.
        """
        wrongs = np.zeros(len(batch), dtype=np.int64)
        uniforms = self._random.random(len(batch))
        halves = self._random.random(len(batch)) < 0.5
        source = self.parameters.image_from
        predicted = halves if source == "either" else np.full(len(batch), source == "predicted")
        train(self._matrices(), self._constants(factor), _arrays(batch), uniforms, predicted, wrongs)
        return wrongs

    def scores(self, images: NDArray[np.uint8]) -> tuple[NDArray[np.floating], NDArray[np.floating]]:
        """For each image and label, ``(N, classes)`` twice: minus the activity with that label, and the readout."""
        shape = len(images), len(self.weights["VY"])
        by_goodness, by_readout = np.zeros(shape, self.dtype), np.zeros(shape, self.dtype)
        score(self._matrices(), self._constants(1.0), _arrays(_unlabelled(images)), by_goodness, by_readout)
        return by_goodness, by_readout

    def reconstruct(self, images: NDArray[np.uint8]) -> tuple[NDArray[np.floating], NDArray[np.floating]]:
        """The images again, with pixels 0 to 1, from layer 2 and from layer 1."""
        from_second, from_first = np.zeros(images.shape, self.dtype), np.zeros(images.shape, self.dtype)
        reconstruct(self._matrices(), _arrays(_unlabelled(images)), from_second, from_first)
        return from_second.clip(0, FULL_PIXEL) / FULL_PIXEL, from_first.clip(0, FULL_PIXEL) / FULL_PIXEL

    def _matrices(self) -> _Matrices:
        return _Matrices(**self.weights)

    def _constants(self, factor: float) -> _Constants:
        p = self.parameters.scaled(factor)
        return _Constants(
            symba=p.loss == "symba",
            hard=p.negatives == "hard",
            generator=p.generator != "off",
            **{name: getattr(p, name) for name in _Constants._fields if name not in _FLAGS},
        )


class _Matrices(NamedTuple):
    W1: Any
    b1: Any
    L1: Any
    R1: Any
    W2: Any
    b2: Any
    L2: Any
    R2: Any
    V2: Any
    VY: Any
    bR: Any
    G1: Any
    G2: Any
    Gy: Any


_FLAGS = ("symba", "hard", "generator")


class _Constants(NamedTuple):
    """Of the parameters, under their names, but for the first three."""

    symba: bool
    hard: bool
    generator: bool
    rate: float
    bias_factor: float
    readout_rate: float
    generator_rate: float
    prediction_rate: float
    code_rate: float
    label_scale: float
    alpha: float
    steps: int
    threshold: float
    slope: float
    margin: float
    floor: float
    lateral: bool


def _unlabelled(images: NDArray[np.uint8]) -> Batch:
    return Batch.from_images(images, np.zeros(len(images), np.uint8))


def _arrays(batch: Batch) -> tuple[NDArray[np.int64], ...]:
    return batch.pointers, batch.index, batch.value, batch.labels
