"""Errors of hidden layers in float: through the transposed weights, or through fixed random matrices."""

__all__ = ["hidden_gradients"]

from collections.abc import Sequence

import torch
from torch import Tensor


def hidden_gradients(
    x: Tensor,
    y: int,
    weights: Sequence[Tensor],
    biases: Sequence[Tensor],
    readout: Tensor,
    feedback: Sequence[Tensor] | None = None,
) -> tuple[list[Tensor], list[Tensor], Tensor]:
    """Descent directions of a relu net with a softmax output, for one sample.

    Backpropagation's are the gradients of the cross-entropy. In direct feedback alignment (Nokland, arXiv 1609.01596)
    the error of a layer is the output's error times a matrix of the layer's own, where the layer is active.

    Parameters
    ----------
    x : ``(inputs,)``, as the first layer sees it.
    y : the label.
    weights, biases : of the hidden layers, ``(n(l-1), n(l))`` and ``(n(l),)``.
    readout : ``(classes, n)`` of the last layer.
    feedback : ``(classes, n(l))`` of each layer; None for backpropagation.

    Returns
    -------
    For the weights, for the biases, and for the readout.
    """
    activities = [x]
    for W, b in zip(weights, biases, strict=True):
        activities.append(torch.relu(activities[-1] @ W + b))
    output = torch.softmax(readout @ activities[-1], 0)
    output[y] -= 1
    errors: list[Tensor] = []
    for number in reversed(range(len(weights))):
        if feedback is not None:
            error = output @ feedback[number]
        else:
            error = weights[number + 1] @ errors[0] if errors else output @ readout
        errors.insert(0, error * (activities[number + 1] > 0))
    return (
        [torch.outer(below, error) for below, error in zip(activities[:-1], errors, strict=True)],
        errors,
        torch.outer(output, activities[-1]),
    )
