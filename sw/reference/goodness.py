"""The pieces all goodness rules share: normalisation, goodness, and the scalar of each layer.

A layer learns from one number per sample, the *modulator*: the derivative of its local loss by its
goodness. Every weight change is then ``pre * post * modulator``.
"""

__all__ = ["Loss", "goodness", "layer_norm", "modulators"]

from typing import Literal

import torch
from torch import Tensor

Loss = Literal["threshold", "symba"]
"""``threshold`` as published by Hinton, ``symba`` the margin of the pair (arXiv 2303.08418)."""

_EPSILON = 1e-8


def layer_norm(v: Tensor) -> Tensor:
    """LN: each row of ``v`` ``(..., n)`` scaled to length 1, without subtracting its mean.

    A row of zeros stays zero (PFF, arXiv 2301.01452: ``v / (||v|| + 1e-8)``).
    """
    length: Tensor = torch.linalg.vector_norm(v, dim=-1, keepdim=True)
    return v / (length + _EPSILON)


def goodness(z: Tensor) -> Tensor:
    """Sum of squares of each row of ``z`` ``(..., n)`` (FF, arXiv 2212.13345, section 2)."""
    return z.square().sum(-1)


def modulators(
    loss: Loss, positive: Tensor, negative: Tensor, sign: int, threshold: float, slope: float
) -> tuple[Tensor, Tensor]:
    """Derivative of a layer's local loss by the goodness of the positive and of the negative.

    With ``G`` the goodness, ``s`` the sign and ``P(G) = sigmoid(s (G - threshold))`` the
    probability that a sample is positive, the loss of a pair is

    - ``threshold``: ``-log P(G+) - log(1 - P(G-))`` (arXiv 2212.13345, equation 1);
    - ``symba``: ``softplus(slope s (G- - G+)) / slope`` (arXiv 2303.08418, there with ``s = 1``
      and without the division, which only rescales the learning rate).

    Parameters
    ----------
    loss
        Which of the two.
    positive, negative
        Goodness of the positives and of their negatives, the same shape.
    sign
        1 if positives are to get high goodness, -1 if low (as in PFF).
    threshold
        Goodness at which both are equally likely; not used by ``symba``.
    slope
        Factor on the margin of the pair; not used by ``threshold``.

    Returns
    -------
    Two tensors of the shape of ``positive``. The loss falls by going against them.
    """
    if loss == "threshold":
        up = torch.sigmoid(sign * (threshold - positive))
        down = torch.sigmoid(sign * (negative - threshold))
    else:
        up = down = torch.sigmoid(slope * sign * (negative - positive))
    return -sign * up, sign * down
