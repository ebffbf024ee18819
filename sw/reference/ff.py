"""Forward-forward with the label as an input of the first layer, one sample at a time.

After Hinton, arXiv 2212.13345. A sample is three forward passes over the same image::

    neutral    every label input 1/C  -> LN(z) of all layers -> softmax readout learns
                                                              -> draws a hard negative
    positive   the true label         -> goodness of each layer \\
    negative   a wrong label          -> goodness of each layer  > every layer learns by itself

    z1 = relu(LN(x) W1 + scale y WL + b1)      zl = relu(LN(z(l-1)) Wl + bl)

No gradient crosses a layer: ``LN(z)`` is a plain input to the next one. All changes below are in
closed form, ``pre * post * modulator``.
"""

__all__ = ["FF", "FFConfig"]

from dataclasses import dataclass
from typing import Literal

import torch
from torch import Tensor

from .goodness import Loss, goodness, layer_norm, modulators
from .negatives import Negatives, draw_negatives


@dataclass(frozen=True)
class FFConfig:
    """Sizes and settings of :class:`FF`; the defaults suit small nets, one sample at a time.

    Members
    -------
    inputs, hidden, classes
        Elements of an image, units of each hidden layer, number of labels.
    loss, negatives
        See :data:`~.goodness.Loss` and :data:`~.negatives.Negatives`. Hinton's own rule is
        ``threshold`` with ``random``.
    positives
        Whether positives are trained to ``low`` goodness, as in PFF, or to ``high``, as in FF.
    threshold
        Goodness between positives and negatives, for the ``threshold`` loss.
    slope
        Factor on the margin of a pair, for the ``symba`` loss.
    label_scale
        Value of the active label input.
    learning_rate, readout_rate
        Steps of plain gradient descent, for the layers and for the readout. The layers descend
        *half* the local loss: the rate absorbs the 2 of the derivative of a square.
    decay
        Factor on both rates after an epoch.
    """

    inputs: int = 784
    hidden: tuple[int, ...] = (128, 128)
    classes: int = 10
    loss: Loss = "symba"
    negatives: Negatives = "hard"
    positives: Literal["low", "high"] = "low"
    threshold: float = 10.0
    slope: float = 1.0
    label_scale: float = 1.0
    learning_rate: float = 0.15
    readout_rate: float = 0.02
    decay: float = 0.93


class FF:
    """A net that learns by forward-forward.

    Parameters
    ----------
    config
        Sizes and settings.
    seed
        Of the initial weights and of the negatives.
    dtype
        Of all weights; images are converted to it.

    Members
    -------
    W, b
        Weights ``(n(l-1), n(l))`` and biases ``(n(l),)`` of the layers, in a list.
    WL
        Label inputs of the first layer ``(C, n1)``.
    WR
        Readout ``(n1 + n2 + ..., C)``, without bias.
    learning_rate, readout_rate
        Present rates.
    """

    def __init__(self, config: FFConfig | None = None, seed: int = 0, dtype: torch.dtype = torch.float32) -> None:
        self.config = config = config or FFConfig()
        self._generator = torch.Generator().manual_seed(seed)
        self._sign = 1 if config.positives == "high" else -1
        self.learning_rate = config.learning_rate
        self.readout_rate = config.readout_rate

        def normal(rows: int, columns: int, deviation: float) -> Tensor:
            values = torch.randn(rows, columns, generator=self._generator, dtype=dtype)
            return values * deviation

        sizes = (config.inputs, *config.hidden)
        # LN(x) has few large elements, so the first layer starts with twice the usual spread.
        self.W = [
            normal(sizes[i], sizes[i + 1], (2.0 if i == 0 else 1.0) * sizes[i] ** -0.5)
            for i in range(len(config.hidden))
        ]
        self.b = [torch.zeros(n, dtype=dtype) for n in config.hidden]
        self.WL = normal(config.classes, config.hidden[0], config.hidden[0] ** -0.5)
        self.WR = torch.zeros(sum(config.hidden), config.classes, dtype=dtype)

    @torch.no_grad()
    def train_sample(self, x: Tensor, y: int) -> int:
        """Learn from one image.

        Parameters
        ----------
        x
            Image ``(inputs,)``, any scale: LN removes it.
        y
            True label.

        Returns
        -------
        The wrong label that was used as negative.
        """
        pre = layer_norm(x.to(self.WL.dtype))
        drive = self.b[0] + pre @ self.W[0]
        features = self._features(drive[None])[0]
        probabilities = torch.softmax(features @ self.WR, -1)
        true = torch.tensor([y])
        kind = self.config.negatives
        wrong = draw_negatives(kind, true, probabilities[None], self._generator)
        probabilities[y] -= 1
        self.WR.addr_(features, probabilities, alpha=-self.readout_rate)

        labels = torch.cat((true, wrong))
        z = torch.relu(drive + self.config.label_scale * self.WL[labels])
        d = self._deltas(z)
        self.WL.index_add_(0, labels, d, alpha=-self.learning_rate * self.config.label_scale)
        # Positive and negative are the same image: one outer product does for both.
        self.W[0].addr_(pre, d.sum(0), alpha=-self.learning_rate)
        self.b[0].add_(d.sum(0), alpha=-self.learning_rate)
        for W, b in zip(self.W[1:], self.b[1:], strict=True):
            pre = layer_norm(z)
            z = torch.relu(b + pre @ W)
            d = self._deltas(z)
            W.addmm_(pre.T, d, alpha=-self.learning_rate)
            b.add_(d.sum(0), alpha=-self.learning_rate)
        return int(wrong)

    def end_epoch(self) -> None:
        """Lower both rates by the decay of the configuration."""
        self.learning_rate *= self.config.decay
        self.readout_rate *= self.config.decay

    @torch.no_grad()
    def scores(self, X: Tensor) -> Tensor:
        """How well each label fits each image ``X`` ``(N, inputs)``: the largest is the answer.

        Returns
        -------
        ``(N, C)``: the goodness added over the layers, negative if positives get low goodness.
        """
        drive = self._drive(X)
        columns = []
        for label in self.WL:
            layers = self._layers(drive + self.config.label_scale * label)
            columns.append(torch.stack([goodness(z) for z in layers]).sum(0))
        return self._sign * torch.stack(columns, 1)

    def predict_goodness(self, X: Tensor) -> Tensor:
        """Labels ``(N,)`` of the images ``X`` ``(N, inputs)``, by a sweep over the labels."""
        return self.scores(X).argmax(1)

    @torch.no_grad()
    def predict_readout(self, X: Tensor) -> Tensor:
        """Labels ``(N,)`` of the images ``X`` ``(N, inputs)``, by one neutral pass."""
        return (self._features(self._drive(X)) @ self.WR).argmax(1)

    def _drive(self, X: Tensor) -> Tensor:
        """What the images alone, without a label, give to the first layer: ``(N, n1)``."""
        return self.b[0] + layer_norm(X.to(self.WL.dtype)) @ self.W[0]

    def _layers(self, a: Tensor) -> list[Tensor]:
        """Activities of all layers, given the sum of inputs ``a`` ``(N, n1)`` of the first."""
        layers = [torch.relu(a)]
        for W, b in zip(self.W[1:], self.b[1:], strict=True):
            layers.append(torch.relu(b + layer_norm(layers[-1]) @ W))
        return layers

    def _features(self, drive: Tensor) -> Tensor:
        """The readout's input ``(N, n1 + n2 + ...)``: LN of each layer after a neutral pass."""
        layers = self._layers(drive + self.config.label_scale * self.WL.mean(0))
        return torch.cat([layer_norm(z) for z in layers], -1)

    def _deltas(self, z: Tensor) -> Tensor:
        """``z`` ``(2, n)`` of the positive and the negative, times the modulator of each."""
        config = self.config
        positive, negative = goodness(z)
        pair = modulators(config.loss, positive, negative, self._sign, config.threshold, config.slope)
        return z * torch.stack(pair)[:, None]
