"""The generative circuit of PFF: it predicts each layer from the one above, down to the image."""

__all__ = ["Generator"]

import torch
from torch import Tensor

from .goodness import layer_norm
from .pff_config import PFFConfig


class Generator:
    """Predictions from the activities of the representation circuit, one layer at a time::

        code = z2 Gy^T
        h3 = LN(relu(code))         e2 = relu(h3 Gy) - z2
        h2 = LN(relu(z2 + noise))   e1 = relu(h2 G2) - z1
        h1 = LN(relu(z1 + noise))   e0 = clip01(h1 G1) - x

    Each matrix learns from its own error, the derivative of relu taken as 1. The released code of
    the paper finds the code by gradient descent from zero, where the derivative of LN is so large
    that one step makes it ``z2 Gy^T`` times a number LN removes, and later steps barely turn it;
    so it is set to that here.

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
        ``Gy`` codes by n(last), ``Gl`` n(l) by n(l-1) and ``G1`` n(1) by D.
    """

    def __init__(self, config: PFFConfig, generator: torch.Generator, dtype: torch.dtype) -> None:
        self.config = config
        self.depth = len(config.hidden)
        self._generator = generator
        sizes = (config.inputs, *config.hidden, config.codes)
        names = [f"G{i}" for i in range(1, self.depth + 1)] + ["Gy"]
        self.weights = {
            name: 0.05 * torch.rand(above, below, generator=generator, dtype=dtype)
            for name, below, above in zip(names, sizes[:-1], sizes[1:], strict=True)
        }

    def code(self, z: Tensor) -> Tensor:
        """The code ``(N, codes)`` of last-layer activities ``z`` ``(N, n)``."""
        return z @ self.weights["Gy"].T

    def synthesise(self, code: Tensor) -> Tensor:
        """Images ``(N, D)``, pixels 0 to 1, that codes ``(N, codes)`` stand for."""
        return self.project(torch.relu(layer_norm(torch.relu(code)) @ self.weights["Gy"]))

    def project(self, z: Tensor) -> Tensor:
        """Images ``(N, D)``, pixels 0 to 1, predicted from last-layer activities alone."""
        for i in range(self.depth, 1, -1):
            z = torch.relu(layer_norm(z) @ self.weights[f"G{i}"])
        return (layer_norm(z) @ self.weights["G1"]).clamp(0, 1)

    def changes(self, x: Tensor, z: list[Tensor], noise: float) -> dict[str, Tensor]:
        """Gradients of the mean squared errors, to be descended, for every weight.

        Parameters
        ----------
        x
            Images ``(N, D)``, pixels 0 to 1.
        z
            Activities of the representation circuit's layers, which are the targets.
        noise
            Standard deviation added to the activities predicted from; 0 draws nothing.
        """
        changes = {}
        for i in range(1, self.depth + 1):
            above = z[i - 1]
            if noise:
                above = above + noise * torch.randn(above.shape, generator=self._generator, dtype=above.dtype)
            h = layer_norm(torch.relu(above))
            a = h @ self.weights[f"G{i}"]
            # The clip of the pixels keeps its derivative, unlike relu.
            inside = (a >= 0) & (a <= 1)
            error = torch.where(inside, a - x, 0.0) if i == 1 else torch.relu(a) - z[i - 2]
            changes[f"G{i}"] = (2 / len(x)) * h.T @ error
        h = layer_norm(torch.relu(self.code(z[-1])))
        error = torch.relu(h @ self.weights["Gy"]) - z[-1]
        changes["Gy"] = (2 / len(x)) * h.T @ error
        return changes
