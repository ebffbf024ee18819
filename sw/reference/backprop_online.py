"""Backpropagation one sample at a time, compiled: what :class:`.backprop.Backprop` does in batches of one, fast.

Autodiff spends a millisecond on a sample, most of it not on arithmetic. Here the gradient is written out (closed form,
checked against autodiff in ``tests/sw/reference/test_backprop_online.py``), pixels and units that are 0 are passed
over, and every step goes along the rows of a matrix.
"""

from __future__ import annotations

__all__ = ["train_online"]

from typing import Any

import numpy as np
from numpy.typing import NDArray

from onward.sw.golden.sample import Batch

from .backprop import Backprop
from .online import add_row, jit, relu, softmax


def train_online(net: Backprop, batch: Batch) -> NDArray[np.int64]:
    """Learn from the samples of ``batch``, one after the other, at the net's present learning rate.

    The same as :meth:`.Backprop.train_sample` for each of them but for the rounding of float32.

    Returns
    -------
    The label that the net gave each sample before learning it.
    """
    # These share their memory with the tensors.
    weights = tuple(w.detach().numpy() for w in net.W)
    biases = tuple(b.detach().numpy() for b in net.b)
    kind = weights[0].dtype.type
    layers = tuple(np.zeros_like(b) for b in biases)
    errors = tuple(np.zeros_like(b) for b in biases)
    guesses = np.zeros(len(batch), dtype=np.int64)
    scale, rate = kind(net.config.input_scale), kind(net.learning_rate)
    samples = batch.pointers, batch.index, batch.value, batch.labels
    _train(weights, biases, layers, errors, samples, scale, rate, guesses)
    return guesses


@jit
def _train(
    weights: Any, biases: Any, layers: Any, errors: Any, samples: Any, scale: Any, rate: Any, guesses: Any
) -> None:
    """All but ``samples`` and ``guesses`` in the float type of the net; ``layers`` and ``errors`` are scratch."""
    pointers, index, value, labels = samples
    for sample in range(len(labels)):
        pixels = index[pointers[sample] : pointers[sample + 1]]
        values = value[pointers[sample] : pointers[sample + 1]]
        square = 0
        for v in values:
            square += v * v
        factor = scale / type(scale)(max(np.sqrt(square), 1e-8))
        _forward(weights, biases, layers, pixels, values, factor)
        guesses[sample] = np.argmax(layers[-1])
        _softmax_error(layers[-1], errors[-1], labels[sample])
        _backward(weights, biases, layers, errors, pixels, values, factor, rate)


@jit
def _forward(weights: Any, biases: Any, layers: Any, pixels: Any, values: Any, factor: Any) -> None:
    for number in range(len(weights)):
        z = layers[number]
        z[:] = biases[number]
        if number == 0:
            for i in range(len(pixels)):
                add_row(z, weights[0][pixels[i]], values[i] * factor)
        else:
            below = layers[number - 1]
            for i in range(len(below)):
                if below[i] > 0:
                    add_row(z, weights[number][i], below[i])
        if number < len(weights) - 1:
            relu(z)


@jit
def _softmax_error(logits: Any, error: Any, label: Any) -> None:
    """The gradient of the cross-entropy by the logits: probabilities minus one at the label."""
    error[:] = logits
    softmax(error)
    error[label] -= 1


@jit
def _backward(
    weights: Any, biases: Any, layers: Any, errors: Any, pixels: Any, values: Any, factor: Any, rate: Any
) -> None:
    """Each layer's error comes from the weights above as they were, then these learn."""
    for number in range(len(weights) - 1, 0, -1):
        error, below, error_below = errors[number], layers[number - 1], errors[number - 1]
        for i in range(len(below)):
            error_below[i] = 0
            if below[i] > 0:
                row = weights[number][i]
                for j in range(len(error)):
                    error_below[i] += row[j] * error[j]
                add_row(row, error, -rate * below[i])
        add_row(biases[number], error, -rate)
    for i in range(len(pixels)):
        add_row(weights[0][pixels[i]], errors[0], -rate * (values[i] * factor))
    add_row(biases[0], errors[0], -rate)
