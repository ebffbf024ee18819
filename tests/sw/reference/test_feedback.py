"""Hidden errors in float: backpropagation's are autodiff's, feedback alignment's have the given matrices."""

from itertools import pairwise

import torch

from onward.sw.reference.feedback import hidden_gradients

RANDOM = torch.Generator().manual_seed(2)
SIZES = (9, 6, 5)
X = torch.rand(9, generator=RANDOM, dtype=torch.float64)
WEIGHTS = [torch.randn(m, n, generator=RANDOM, dtype=torch.float64) for m, n in pairwise(SIZES)]
BIASES = [torch.randn(n, generator=RANDOM, dtype=torch.float64) for n in SIZES[1:]]
READOUT = torch.randn(4, 5, generator=RANDOM, dtype=torch.float64)


def test_backpropagation_is_the_gradient() -> None:
    parameters = [each.clone().requires_grad_() for each in (*WEIGHTS, *BIASES, READOUT)]
    z = X
    for number in range(2):
        z = torch.relu(z @ parameters[number] + parameters[2 + number])
    loss = torch.nn.functional.cross_entropy((parameters[4] @ z)[None], torch.tensor([1]))
    wanted = torch.autograd.grad(loss, parameters)
    weights, biases, readout = hidden_gradients(X, 1, WEIGHTS, BIASES, READOUT)
    for ours, theirs in zip((*weights, *biases, readout), wanted, strict=True):
        torch.testing.assert_close(ours, theirs)


def test_with_the_transposed_weights_alignment_is_backpropagation() -> None:
    """For the last layer; the one below gets its error straight from the output."""
    feedback = [torch.randn(4, 6, generator=RANDOM, dtype=torch.float64), READOUT]
    aligned = hidden_gradients(X, 1, WEIGHTS, BIASES, READOUT, feedback)
    exact = hidden_gradients(X, 1, WEIGHTS, BIASES, READOUT)
    torch.testing.assert_close(aligned[1][1], exact[1][1])
    torch.testing.assert_close(aligned[2], exact[2])
    assert not torch.allclose(aligned[1][0], exact[1][0])
    output = exact[2][:, 0] / torch.relu(torch.relu(X @ WEIGHTS[0] + BIASES[0]) @ WEIGHTS[1] + BIASES[1])[0]
    active = X @ WEIGHTS[0] + BIASES[0] > 0
    if torch.isfinite(output).all():
        torch.testing.assert_close(aligned[1][0], output @ feedback[0] * active)
