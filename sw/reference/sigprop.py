"""Signal propagation in float (Kohan, Rietman and Siegelmann, arXiv 2204.01723), with the gradients of autodiff."""

__all__ = ["SigProp"]

import itertools
import math

import torch
from torch import Tensor
from torch.nn.functional import cross_entropy

from .goodness import layer_norm


class SigProp:
    """Layers that see the sample and, one after the other, all labels; each has a loss of its own.

    Parameters
    ----------
    inputs, hidden, classes
        Elements of an image, units of each layer, number of labels.
    input_scale
        Images are normalised to this length.
    similarity
        Factor of the cosines of sample and labels in the softmax.
    seed
        Of the initial weights.

    Members
    -------
    W, b
        Weights ``(n(l-1), n(l))`` and biases ``(n(l),)`` of the layers, in a list.
    S
        Activities of the labels before the first layer's relu, ``(classes, n(1))``.
    """

    def __init__(
        self,
        inputs: int,
        hidden: tuple[int, ...],
        classes: int,
        input_scale: float = 3.0,
        similarity: float = 10.0,
        seed: int = 0,
    ) -> None:
        random = torch.Generator().manual_seed(seed)

        def normal(rows: int, columns: int, deviation: float) -> Tensor:
            return (torch.randn(rows, columns, generator=random, dtype=torch.float64) * deviation).requires_grad_()

        self.input_scale, self.similarity = input_scale, similarity
        sizes = (inputs, *hidden)
        self.W = [normal(rows, columns, math.sqrt(2 / rows)) for rows, columns in itertools.pairwise(sizes)]
        self.b = [torch.zeros(n, dtype=torch.float64, requires_grad=True) for n in hidden]
        self.S = normal(classes, hidden[0], math.sqrt(2 / hidden[0]))

    def cosines(self, x: Tensor) -> list[Tensor]:
        """For each layer the cosines of images ``(N, inputs)`` and labels, ``(N, classes)``.

        What a layer sees is cut off from the layer below, so that no gradient reaches that.
        """
        h, t = self.input_scale * layer_norm(x.to(torch.float64)), torch.empty(0)
        cosines = []
        for number, (W, b) in enumerate(zip(self.W, self.b, strict=True)):
            h = torch.relu(h @ W + b)
            t = torch.relu(t @ W + b) if number else torch.relu(self.S)
            h_unit, t_unit = layer_norm(h), layer_norm(t)
            cosines.append(h_unit @ t_unit.T)
            h, t = h_unit.detach(), t_unit.detach()
        return cosines

    def loss(self, x: Tensor, y: Tensor) -> Tensor:
        """Sum of the losses of all layers, mean over images ``(N, inputs)`` with labels int64 ``(N,)``."""
        losses = [cross_entropy(self.similarity * cosines, y) for cosines in self.cosines(x)]
        return torch.stack(losses).sum()

    def train_batch(self, x: Tensor, y: Tensor, rate: float) -> None:
        """One step of plain descent."""
        parameters = (*self.W, *self.b, self.S)
        gradients = torch.autograd.grad(self.loss(x, y), parameters)
        with torch.no_grad():
            for parameter, gradient in zip(parameters, gradients, strict=True):
                parameter.sub_(gradient, alpha=rate)

    @torch.no_grad()
    def predict(self, x: Tensor) -> tuple[Tensor, Tensor]:
        """Labels ``(N,)`` of images: by the sum of all layers' cosines, and by the last layer's."""
        cosines = self.cosines(x)
        return torch.stack(cosines).sum(0).argmax(1), cosines[-1].argmax(1)
