"""Backpropagation as a yardstick: the same layers, trained end to end by plain descent."""

__all__ = ["Backprop", "BackpropConfig"]

import itertools
import math
from dataclasses import dataclass

import torch
from torch import Tensor
from torch.nn.functional import cross_entropy

from .goodness import layer_norm


@dataclass(frozen=True)
class BackpropConfig:
    """Sizes and settings of :class:`Backprop`.

    Members
    -------
    inputs, hidden, classes
        Elements of an image, units of each hidden layer, number of labels.
    input_scale
        Images are normalised as in the goodness rules, then multiplied by this.
    learning_rate
        Step of plain gradient descent on the batch's mean loss.
    decay
        Factor on the learning rate after an epoch.
    """

    inputs: int = 784
    hidden: tuple[int, ...] = (128, 128)
    classes: int = 10
    input_scale: float = 3.0
    learning_rate: float = 0.02
    decay: float = 0.9


class Backprop:
    """A relu net with a softmax output that learns by backpropagation of the cross-entropy.

    Images are ``(N, inputs)`` of any scale, labels int64 ``(N,)``.

    Parameters
    ----------
    config
        Sizes and settings.
    seed
        Of the initial weights.
    dtype
        Of all weights; images are converted to it.

    Members
    -------
    W, b
        Weights ``(n(l-1), n(l))`` and biases ``(n(l),)`` of the layers, in a list; the last layer
        is the softmax.
    learning_rate
        Present rate.
    """

    def __init__(
        self,
        config: BackpropConfig | None = None,
        seed: int = 0,
        dtype: torch.dtype = torch.float32,
    ) -> None:
        self.config = config = config or BackpropConfig()
        self.learning_rate = config.learning_rate
        self._dtype = dtype
        random = torch.Generator().manual_seed(seed)
        sizes = (config.inputs, *config.hidden, config.classes)
        self.W = [
            torch.randn(rows, columns, generator=random, dtype=dtype) * math.sqrt(2 / rows)
            for rows, columns in itertools.pairwise(sizes)
        ]
        self.b = [torch.zeros(n, dtype=dtype) for n in sizes[1:]]
        for parameter in (*self.W, *self.b):
            parameter.requires_grad_()

    def train_batch(self, x: Tensor, y: Tensor) -> None:
        """Learn from images and labels in one step; a batch of one is online learning."""
        loss = cross_entropy(self.logits(x), y)
        parameters = (*self.W, *self.b)
        gradients = torch.autograd.grad(loss, parameters)
        with torch.no_grad():
            for parameter, gradient in zip(parameters, gradients, strict=True):
                parameter.sub_(gradient, alpha=self.learning_rate)

    def train_sample(self, x: Tensor, y: int) -> None:
        """Learn from one image ``(inputs,)`` and its label."""
        self.train_batch(x[None], torch.tensor([y]))

    def end_epoch(self) -> None:
        """Lower the learning rate by the decay of the configuration."""
        self.learning_rate *= self.config.decay

    def logits(self, X: Tensor) -> Tensor:
        """The output before the softmax, ``(N, C)``."""
        z = self.config.input_scale * layer_norm(X.to(self._dtype))
        for W, b in zip(self.W[:-1], self.b[:-1], strict=True):
            z = torch.relu(b + z @ W)
        return self.b[-1] + z @ self.W[-1]

    @torch.no_grad()
    def predict(self, X: Tensor) -> Tensor:
        """Labels ``(N,)`` of images."""
        return self.logits(X).argmax(1)
