"""Sizes and settings of predictive forward-forward."""

__all__ = ["PFFConfig"]

from dataclasses import dataclass
from typing import Literal

from .goodness import Loss
from .negatives import Negatives


@dataclass(frozen=True)
class PFFConfig:
    """Sizes and settings of :class:`onward.sw.reference.pff.PFF`.

    The defaults are those of the paper (arXiv 2301.01452) and its released code for MNIST.

    Members
    -------
    inputs, hidden, classes
        Elements of an image, units of each hidden layer, number of labels.
    codes
        Units of the code at the top of the generative circuit.
    group
        Units that compete with each other through the lateral weights.
    steps
        K, how often all layers move and learn for one batch.
    alpha
        Part of its previous activity a layer keeps in a step.
    label_scale
        Value of the active label input, and weight of the readout's loss.
    threshold
        Goodness at which positive and negative are equally likely, for the ``threshold`` loss.
    noise, generator_noise
        Standard deviation of what is added to every unit of the representation circuit, and to
        the activities the generative circuit predicts from.
    optimiser
        ``adam``, or ``sgd`` for plain gradient descent.
    learning_rate
        Of all weights of both circuits.
    decay
        Factor on the learning rate after an epoch.
    clip
        Largest magnitude of an element of a gradient.
    batch, epochs
        Positives in a batch, and passes over the training set. They are for the caller; nothing
        here depends on them.
    loss, slope, negatives
        As for FF: ``symba`` and ``hard`` are not in the paper.
    readout
        ``clamped``: the softmax readout learns in every step, from a layer that already holds the
        label (as published; its accuracy is poor). ``free``: it learns once a batch from the
        label-free start, which makes it a usable classifier.
    """

    inputs: int = 784
    hidden: tuple[int, ...] = (2000, 2000)
    classes: int = 10
    codes: int = 20
    group: int = 10
    steps: int = 12
    alpha: float = 0.3
    label_scale: float = 5.0
    threshold: float = 10.0
    noise: float = 0.01
    generator_noise: float = 0.025
    optimiser: Literal["adam", "sgd"] = "adam"
    learning_rate: float = 2.5e-4
    decay: float = 1.0
    clip: float = 1.0
    batch: int = 500
    epochs: int = 60
    loss: Loss = "threshold"
    slope: float = 1.0
    negatives: Negatives = "random"
    readout: Literal["clamped", "free"] = "clamped"
