"""The representation circuit of PFF: recurrent layers between the image and the label."""

__all__ = ["Representation"]

import itertools

import torch
from torch import Tensor
from torch.nn.functional import one_hot

from .goodness import goodness, layer_norm, modulators
from .pff_config import PFFConfig


class Representation:
    """Layers that move all at once, each from the previous values of its neighbours::

        a1 = LN(x) W1   + LN(z2') V2 + b1 + noise - z1' Lt1      zl = (1-alpha) relu(al) + alpha zl'
        a2 = LN(z1') W2 + s y VY     + b2 + noise - z2' Lt2      p  = softmax(LN(z2') WR + bR)

    Within a group of units the lateral matrix ``Lt`` inhibits others and excites oneself:
    ``Lt = relu(L) * M``, with M = 1 inside a group, -1 on the diagonal and 0 elsewhere.

    All arrays of activities are ``(N, n)``, one sample a row; labels are int64 ``(N,)``.

    Parameters
    ----------
    config
        Sizes and settings.
    generator
        Source of the initial weights and the noise.
    dtype
        Of the weights.

    Members
    -------
    weights
        For layer l of n(l) units: ``Wl`` n(l-1) by n(l), ``bl`` n(l), ``Ll`` n(l) by n(l) and,
        from the second layer on, ``Vl`` n(l) by n(l-1). At the last: ``VY`` C by n, ``WR`` n by
        C, ``bR`` C.
    """

    def __init__(self, config: PFFConfig, generator: torch.Generator, dtype: torch.dtype) -> None:
        self.config = config
        self.depth = len(config.hidden)
        self._generator = generator

        def orthogonal(rows: int, columns: int) -> Tensor:
            empty = torch.empty(rows, columns, dtype=dtype)
            return torch.nn.init.orthogonal_(empty, generator=generator)

        self.weights: dict[str, Tensor] = {}
        for i, (below, n) in enumerate(itertools.pairwise((config.inputs, *config.hidden)), 1):
            self.weights[f"W{i}"] = orthogonal(below, n)
            self.weights[f"b{i}"] = orthogonal(1, n)[0]
            self.weights[f"L{i}"] = 0.05 * torch.rand(n, n, generator=generator, dtype=dtype)
            if i > 1:
                self.weights[f"V{i}"] = orthogonal(n, below)
        self.weights["VY"] = orthogonal(config.classes, n)
        self.weights["WR"] = orthogonal(n, config.classes)
        self.weights["bR"] = torch.zeros(config.classes, dtype=dtype)
        self._masks = [_lateral_mask(n, config.group).to(dtype) for n in config.hidden]

    def start(self, x: Tensor) -> list[Tensor]:
        """Activities of all layers for the images ``x`` alone, bottom-up: the label-free start."""
        w, below, layers = self.weights, x, []
        for i in range(1, self.depth + 1):
            below = torch.relu(layer_norm(below) @ w[f"W{i}"] + w[f"b{i}"])
            layers.append(below)
        return layers

    def step(self, x: Tensor, labels: Tensor, z: list[Tensor], noise: float) -> list[Tensor]:
        """Move all layers from ``z`` by one step, with the label given from above.

        ``noise`` is the standard deviation added to every unit; 0 draws nothing.
        """
        w, config, after = self.weights, self.config, []
        top = config.label_scale * w["VY"][labels]
        normal = [layer_norm(x), *map(layer_norm, z)]
        for i in range(1, self.depth + 1):
            a = normal[i - 1] @ w[f"W{i}"] + w[f"b{i}"]
            a += normal[i + 1] @ w[f"V{i + 1}"] if i < self.depth else top
            if noise:
                a += noise * torch.randn(a.shape, generator=self._generator, dtype=a.dtype)
            a -= z[i - 1] @ (torch.relu(w[f"L{i}"]) * self._masks[i - 1])
            after.append((1 - config.alpha) * torch.relu(a) + config.alpha * z[i - 1])
        return after

    def changes(self, x: Tensor, labels: Tensor, before: list[Tensor], after: list[Tensor]) -> dict[str, Tensor]:
        """Gradients of one step's local losses, to be descended, for every weight that learns.

        The rows are N positives and then, in the same order, their N negatives. The losses are
        averaged over the samples (``threshold``) or the pairs (``symba``), the readout's over the
        positives.

        Parameters
        ----------
        x, labels
            Images and the labels they were given.
        before, after
            Activities of the layers before and after the step.
        """
        config, changes = self.config, dict[str, Tensor]()
        count = len(x) // 2
        normal = [layer_norm(x), *map(layer_norm, before)]
        y = one_hot(labels, config.classes).to(x.dtype)
        for i, z in enumerate(after, 1):
            g = goodness(z)
            pair = modulators(config.loss, g[:count], g[count:], -1, config.threshold, config.slope)
            samples = 2 * count if config.loss == "threshold" else count
            d = (2 * (1 - config.alpha) / samples) * torch.cat(pair)[:, None] * z
            changes[f"W{i}"] = normal[i - 1].T @ d
            changes[f"b{i}"] = d.sum(0)
            active = (self.weights[f"L{i}"] > 0).to(x.dtype)
            changes[f"L{i}"] = -(before[i - 1].T @ d) * self._masks[i - 1] * active
            if i < self.depth:
                changes[f"V{i + 1}"] = normal[i + 1].T @ d
            else:
                changes["VY"] = config.label_scale * y.T @ d
        if config.readout == "clamped":
            changes |= self.readout_changes(before[-1][:count], labels[:count], config.label_scale)
        return changes

    def readout_changes(self, z: Tensor, labels: Tensor, scale: float) -> dict[str, Tensor]:
        """Gradients of the readout's mean cross-entropy, times ``scale``, for last-layer ``z``."""
        y = one_hot(labels, self.config.classes).to(z.dtype)
        d = (scale / len(z)) * (self.readout(z) - y)
        return {"WR": layer_norm(z).T @ d, "bR": d.sum(0)}

    def readout(self, z: Tensor) -> Tensor:
        """Probability of each label ``(N, C)``, from the activities of the last layer."""
        return torch.softmax(layer_norm(z) @ self.weights["WR"] + self.weights["bR"], 1)

    def scores(self, x: Tensor) -> Tensor:
        """How well each label fits each image, ``(N, C)``: the largest is the answer.

        From the label-free start K/2 + 1 noise-free steps are made with each label. The score is
        minus the goodness, averaged over the layers and added over the last two steps.
        """
        half = self.config.steps // 2
        columns = []
        start = self.start(x)
        for label in range(self.config.classes):
            labels = torch.full((len(x),), label)
            z, score = start, torch.zeros(len(x), dtype=x.dtype)
            for k in range(half + 1):
                z = self.step(x, labels, z, 0.0)
                if k >= half - 1:
                    score -= torch.stack([goodness(layer) for layer in z]).mean(0)
            columns.append(score)
        return torch.stack(columns, 1)


def _lateral_mask(n: int, group: int) -> Tensor:
    """1 where two of ``n`` units compete, -1 where a unit meets itself, 0 elsewhere: ``(n, n)``."""
    member = torch.arange(n) // group
    return (member[:, None] == member).to(torch.int8) - 2 * torch.eye(n, dtype=torch.int8)
