"""The forward-forward rule of the core in float, one sample at a time, compiled: what fixed point is compared with.

The equations, their order and their parameters are those of the program (:mod:`onward.sw.programs.ff`), not those of
:class:`.ff.FF`: label inputs of a neutral pass are 0.1, biases may learn slower, and SymBa has a margin.
"""

from __future__ import annotations

__all__ = ["FFOnline"]

import math
from typing import Any, NamedTuple

import numpy as np
from numpy.typing import DTypeLike, NDArray

from onward.sw.golden.sample import Batch
from onward.sw.programs.ff import FFParameters

from .online import (
    add_outer,
    add_pair,
    add_product,
    add_row,
    add_weighted_rows,
    draw_wrong,
    goodness,
    inverse_length,
    jit,
    project,
    relu,
    sigmoid,
    softmax,
)


class FFOnline:
    """A net that learns as the program does, without rounding and without limits of numbers.

    Parameters
    ----------
    inputs, hidden, classes : sizes, as of a core.
    parameters : of the program.
    seed : of start weights, which are those of the core before rounding, and of the negatives.
    dtype : of weights and activities.

    Members
    -------
    weights : matrices by name, in the shapes of the core's memory map: ``(inputs, units)``.
    """

    def __init__(
        self,
        inputs: int,
        hidden: tuple[int, ...],
        classes: int,
        parameters: FFParameters,
        seed: int = 0,
        dtype: DTypeLike = np.float32,
    ) -> None:
        self.parameters, self.classes = parameters, classes
        self.weights: dict[str, NDArray[np.floating]] = {}
        random = np.random.default_rng(seed)

        def normal(name: str, rows: int, units: int, deviation: float) -> None:
            self.weights[name] = random.normal(0.0, deviation, (rows, units)).astype(dtype)

        normal("WL", classes, hidden[0], 1 / math.sqrt(hidden[0]))
        for number, units in enumerate(hidden, 1):
            normal(f"W{number}", inputs, units, (2 if number == 1 else 1) / math.sqrt(inputs))
            self.weights[f"b{number}"] = np.zeros((1, units), dtype)
            self.weights[f"R{number}"] = np.zeros((classes, units), dtype)
            inputs = units
        self._depth = len(hidden)
        self._random = np.random.default_rng((seed, 1))

    def train(self, batch: Batch, factor: float = 1.0) -> NDArray[np.int64]:
        """Learn from the samples of ``batch``, one after the other, at the learning rates times ``factor``.

        Returns
        -------
        The wrong label that each sample had as its negative.
        """
        wrongs = np.zeros(len(batch), dtype=np.int64)
        p = self.parameters
        constants = _Constants(
            p.rate * factor,
            p.readout_rate * factor,
            p.label_scale,
            p.negatives == "hard",
            p.floor,
            p.slope,
            p.margin,
            p.bias_factor,
        )
        uniforms = self._random.random(len(batch))
        _train(self._matrices(), self._scratch(), constants, _arrays(batch), uniforms, wrongs)
        return wrongs

    def scores(self, images: NDArray[np.uint8]) -> tuple[NDArray[np.floating], NDArray[np.floating]]:
        """For each image and label, ``(N, classes)`` twice: minus the activity with that label, and the readout."""
        batch = Batch.from_images(images, np.zeros(len(images), np.uint8))
        shape = len(images), self.classes
        by_goodness, by_readout = (np.zeros(shape, self.weights["WL"].dtype) for _ in range(2))
        _score(self._matrices(), self._scratch(), self.parameters.label_scale, _arrays(batch), by_goodness, by_readout)
        return by_goodness, by_readout

    def _matrices(self) -> _Matrices:
        w, numbers = self.weights, range(1, self._depth + 1)
        return _Matrices(w["WL"], *(tuple(w[f"{kind}{number}"] for number in numbers) for kind in "WbR"))

    def _scratch(self) -> _Scratch:
        phases = (tuple(np.zeros_like(b[0]) for b in self._matrices().b) for _ in range(3))
        first = self.weights["b1"][0]
        logits = np.zeros(self.classes, first.dtype)
        return _Scratch(np.zeros_like(first), np.zeros_like(first), logits, *phases)


class _Constants(NamedTuple):
    rate: float
    readout_rate: float
    label_scale: float
    hard: bool
    floor: float
    slope: float
    margin: float
    bias_factor: float


class _Matrices(NamedTuple):
    WL: Any
    W: Any
    b: Any
    R: Any


class _Scratch(NamedTuple):
    """``drive`` is what the image alone gives layer 1; activities of each phase are vectors by layer."""

    drive: Any
    difference: Any
    logits: Any
    neutral: Any
    positive: Any
    negative: Any


def _arrays(batch: Batch) -> tuple[NDArray[np.int64], ...]:
    return batch.pointers, batch.index, batch.value, batch.labels


@jit
def _train(w: Any, s: Any, c: Any, samples: Any, uniforms: Any, wrongs: Any) -> None:
    pointers, index, value, labels = samples
    for sample in range(len(labels)):
        label = labels[sample]
        pixels = index[pointers[sample] : pointers[sample + 1]]
        values = value[pointers[sample] : pointers[sample + 1]]
        norm = inverse_length(values)
        _neutral(w, s, c.label_scale, pixels, values, norm)
        softmax(s.logits)
        chances = s.logits if c.hard else np.zeros_like(s.logits)
        wrong = draw_wrong(chances, c.floor, label, uniforms[sample])
        wrongs[sample] = wrong
        s.logits[label] -= 1
        for number in range(len(w.W)):
            z = s.neutral[number]
            add_outer(w.R[number], s.logits, z, -c.readout_rate * inverse_length(z))
        _labelled(w, s.positive, s.drive, label, c.label_scale)
        _labelled(w, s.negative, s.drive, wrong, c.label_scale)
        _learn(w, s, c, label, wrong, pixels, values, norm)


@jit
def _neutral(w: Any, s: Any, label_scale: Any, pixels: Any, values: Any, norm: Any) -> None:
    """Drive, activities with every label a little, and the readout's logits."""
    s.drive[:] = w.b[0][0]
    add_weighted_rows(s.drive, w.W[0], pixels, values, norm)
    z = s.neutral[0]
    z[:] = s.drive
    for row in w.WL:
        add_row(z, row, 0.1 * label_scale)
    _upwards(w, s.neutral)
    s.logits[:] = 0
    for number in range(len(w.W)):
        z = s.neutral[number]
        project(s.logits, w.R[number], z, inverse_length(z))


@jit
def _labelled(w: Any, layers: Any, drive: Any, label: Any, label_scale: Any) -> None:
    """Activities with one label."""
    layers[0][:] = drive
    add_row(layers[0], w.WL[label], label_scale)
    _upwards(w, layers)


@jit
def _upwards(w: Any, layers: Any) -> None:
    """From the sum of inputs of layer 1 to the activities of all layers."""
    relu(layers[0])
    for number in range(1, len(w.W)):
        below, z = layers[number - 1], layers[number]
        z[:] = w.b[number][0]
        add_product(z, w.W[number], below, inverse_length(below))
        relu(z)


@jit
def _learn(w: Any, s: Any, c: Any, label: Any, wrong: Any, pixels: Any, values: Any, norm: Any) -> None:
    """Every layer by its own modulator, how far the pair is on the wrong side; positives are to get low activity."""
    for number in range(len(w.W)):
        positive, negative = s.positive[number], s.negative[number]
        rate = c.rate * sigmoid(c.slope * (goodness(positive) - goodness(negative)) + c.margin)
        add_row(w.b[number][0], positive, -rate * c.bias_factor)
        add_row(w.b[number][0], negative, rate * c.bias_factor)
        if number == 0:
            add_row(w.WL[label], positive, -rate * c.label_scale)
            add_row(w.WL[wrong], negative, rate * c.label_scale)
            # Both phases see the same image.
            s.difference[:] = negative
            add_row(s.difference, positive, -1.0)
            for i in range(len(pixels)):
                add_row(w.W[0][pixels[i]], s.difference, rate * norm * values[i])
        else:
            below, below_negative = s.positive[number - 1], s.negative[number - 1]
            pre = below, -rate * inverse_length(below)
            pre_negative = below_negative, rate * inverse_length(below_negative)
            add_pair(w.W[number], pre, positive, pre_negative, negative)


@jit
def _score(w: Any, s: Any, label_scale: Any, samples: Any, by_goodness: Any, by_readout: Any) -> None:
    pointers, index, value, labels = samples
    for sample in range(len(labels)):
        pixels = index[pointers[sample] : pointers[sample + 1]]
        values = value[pointers[sample] : pointers[sample + 1]]
        _neutral(w, s, label_scale, pixels, values, inverse_length(values))
        by_readout[sample] = s.logits
        for label in range(len(w.WL)):
            _labelled(w, s.positive, s.drive, label, label_scale)
            for z in s.positive:
                by_goodness[sample, label] -= goodness(z)
