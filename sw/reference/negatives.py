"""Negative samples: the image of a positive with a wrong label."""

__all__ = ["Negatives", "draw_negatives"]

from typing import Literal

import torch
from torch import Tensor

Negatives = Literal["random", "hard"]
"""``random``: any wrong label; ``hard``: a label the one-pass readout takes for likely."""

_FLOOR = 0.01


def draw_negatives(kind: Negatives, labels: Tensor, probabilities: Tensor, generator: torch.Generator) -> Tensor:
    """Draw one wrong label for each sample.

    Hard negatives follow the readout's probabilities with the true label removed and 1 % added to
    each wrong label, so that a readout that is sure of itself still leaves every label a chance.

    Parameters
    ----------
    kind
        ``random`` gives every wrong label the same chance.
    labels
        The true labels, int64 ``(N,)``.
    probabilities
        The readout's softmax ``(N, C)``; for ``random`` only its shape counts.
    generator
        Source of the draws, one per sample.

    Returns
    -------
    Labels, int64 ``(N,)``, each different from the true one.
    """
    weights = probabilities + _FLOOR if kind == "hard" else torch.ones_like(probabilities)
    weights.scatter_(-1, labels[:, None], 0.0)
    return torch.multinomial(weights, 1, generator=generator)[:, 0]
