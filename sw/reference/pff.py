"""Predictive forward-forward as published: Ororbia & Mali, arXiv 2301.01452.

Two circuits learn side by side, over K steps for each batch of positives and negatives::

    representation   image -> W1 -> z1 -> W2 -> z2 <- VY <- label       classifies
                                    z1 <- V2 <- z2
    generative       image <- G1 <- z1,  z1 <- G2 <- z2,  z2 <- Gy <- code    predicts

No gradient crosses a layer or a step, and the derivative of relu is taken as 1 everywhere, also
where relu is 0. Positives get *low* activity: P(positive) = sigmoid(threshold - sum z^2). The
equations follow the authors' released code (MIT licence), in closed form and for any number of
hidden layers, where the paper has two.
"""

__all__ = ["PFF"]

import torch
from torch import Tensor

from .negatives import draw_negatives
from .pff_config import PFFConfig
from .pff_generator import Generator
from .pff_representation import Representation


class PFF:
    """A net that learns by predictive forward-forward.

    Images are ``(N, inputs)`` with pixels of 0 to 1, labels int64 ``(N,)``.

    Parameters
    ----------
    config
        Sizes and settings; by default those of the paper.
    seed
        Of initial weights, noise and negatives.
    dtype
        Of all weights; images are converted to it.

    Members
    -------
    representation, generator
        The two circuits.
    weights
        The arrays of both by name.
    learning_rate
        Present rate.
    """

    def __init__(self, config: PFFConfig | None = None, seed: int = 0, dtype: torch.dtype = torch.float32) -> None:
        self.config = config = config or PFFConfig()
        self._random = torch.Generator().manual_seed(seed)
        self._dtype = dtype
        self.representation = Representation(config, self._random, dtype)
        self.generator = Generator(config, self._random, dtype)
        self.weights = self.representation.weights | self.generator.weights
        arrays = list(self.weights.values())
        # The epsilon of the released code's Adam, which is not torch's default.
        self._optimiser: torch.optim.Optimizer = (
            torch.optim.Adam(arrays, config.learning_rate, eps=1e-7)
            if config.optimiser == "adam"
            else torch.optim.SGD(arrays, config.learning_rate)
        )

    @property
    def learning_rate(self) -> float:
        return float(self._optimiser.param_groups[0]["lr"])

    @torch.no_grad()
    def train_batch(self, x: Tensor, y: Tensor) -> Tensor:
        """Learn from images ``x`` and their true labels ``y``, each with one negative.

        Returns
        -------
        The wrong labels ``(N,)`` that were used as negatives.
        """
        config, circuit = self.config, self.representation
        x = x.to(self._dtype)
        start = circuit.start(x)
        wrong = draw_negatives(config.negatives, y, circuit.readout(start[-1]), self._random)
        if config.readout == "free":
            self._descend(circuit.readout_changes(start[-1], y, 1.0))
        x, labels = torch.cat((x, x)), torch.cat((y, wrong))
        z = [torch.cat((layer, layer)) for layer in start]
        for _ in range(config.steps):
            before, z = z, circuit.step(x, labels, z, config.noise)
            self._descend(circuit.changes(x, labels, before, z))
            self._descend(self.generator.changes(x, z, config.generator_noise))
        return wrong

    def end_epoch(self) -> None:
        """Lower the learning rate by the decay of the configuration."""
        for group in self._optimiser.param_groups:
            group["lr"] *= self.config.decay

    @torch.no_grad()
    def predict_goodness(self, X: Tensor) -> Tensor:
        """Labels ``(N,)`` of images, by a sweep over the labels: the published classification."""
        return self.representation.scores(X.to(self._dtype)).argmax(1)

    @torch.no_grad()
    def predict_readout(self, X: Tensor) -> Tensor:
        """Labels ``(N,)`` of images, by the softmax readout of the label-free start."""
        circuit = self.representation
        return circuit.readout(circuit.start(X.to(self._dtype))[-1]).argmax(1)

    @torch.no_grad()
    def code(self, X: Tensor) -> Tensor:
        """The generative circuit's codes ``(N, codes)`` of images, from their label-free start.

        A mixture fitted to them is what new images are drawn from, by :meth:`synthesise`.
        """
        return self.generator.code(self.representation.start(X.to(self._dtype))[-1])

    @torch.no_grad()
    def synthesise(self, codes: Tensor) -> Tensor:
        """Images ``(N, inputs)``, pixels 0 to 1, of codes ``(N, codes)``."""
        return self.generator.synthesise(codes.to(self._dtype))

    @torch.no_grad()
    def reconstruct(self, X: Tensor) -> Tensor:
        """Images again, from the last layer of their label-free start: ``(N, inputs)``."""
        return self.generator.project(self.representation.start(X.to(self._dtype))[-1])

    def _descend(self, changes: dict[str, Tensor]) -> None:
        """One step of the optimiser for the weights named; the others stay as they are."""
        for name, change in changes.items():
            self.weights[name].grad = change.clamp(-self.config.clip, self.config.clip)
        self._optimiser.step()
        for name in changes:
            self.weights[name].grad = None
