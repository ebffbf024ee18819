"""Normalisation, goodness and the modulators, against autodiff of the published losses."""

from typing import get_args

import pytest
import torch
from hypothesis import given
from hypothesis import strategies as st
from torch import Tensor
from torch.nn.functional import logsigmoid, softplus

from onward.sw.reference.goodness import Loss, goodness, layer_norm, modulators


def test_layer_norm_has_length_one_and_keeps_the_mean() -> None:
    rows = layer_norm(torch.tensor([[3.0, 4.0], [0.0, 0.0], [30.0, 40.0]]))
    expected = torch.tensor([[0.6, 0.8], [0.0, 0.0], [0.6, 0.8]])
    torch.testing.assert_close(rows, expected)
    torch.testing.assert_close(layer_norm(torch.tensor([3.0, 4.0])), expected[0])


def test_goodness_is_the_sum_of_squares() -> None:
    assert goodness(torch.tensor([[1.0, 2.0], [3.0, 0.0]])).tolist() == [5.0, 9.0]


def published(loss: Loss, positive: Tensor, negative: Tensor, sign: int, threshold: float, slope: float) -> Tensor:
    """The loss of a pair as the papers write it."""
    if loss == "threshold":
        return -logsigmoid(sign * (positive - threshold)) - logsigmoid(sign * (threshold - negative))
    return softplus(-slope * sign * (positive - negative)) / slope


@given(
    st.sampled_from(get_args(Loss)),
    st.floats(0, 50),
    st.floats(0, 50),
    st.sampled_from([-1, 1]),
    st.floats(0, 20),
    st.floats(0.1, 5),
)
def test_modulators_are_the_derivatives(
    loss: Loss, positive: float, negative: float, sign: int, threshold: float, slope: float
) -> None:
    pair = torch.tensor([positive, negative], dtype=torch.float64, requires_grad=True)
    value = published(loss, pair[0], pair[1], sign, threshold, slope)
    (expected,) = torch.autograd.grad(value, pair)
    plus, minus = pair.detach()
    found = modulators(loss, plus, minus, sign, threshold, slope)
    torch.testing.assert_close(torch.stack(found), expected)


@pytest.mark.parametrize("sign", [-1, 1])
@pytest.mark.parametrize("loss", get_args(Loss))
def test_descent_moves_the_pair_apart(loss: Loss, sign: int) -> None:
    same = torch.full((3,), 10.0)
    up, down = modulators(loss, same, same, sign, 10.0, 1.0)
    assert up.tolist() == [-0.5 * sign] * 3
    assert down.tolist() == [0.5 * sign] * 3


@pytest.mark.parametrize("sign", [-1, 1])
def test_symba_sees_only_the_margin(sign: int) -> None:
    positive, negative = torch.tensor([1.0]), torch.tensor([4.0])
    first = modulators("symba", positive, negative, sign, 0.0, 1.0)
    shifted = modulators("symba", positive + 7, negative + 7, sign, 3.0, 1.0)
    torch.testing.assert_close(first, shifted)
    assert first[0] == -first[1]
    # Positives are lower: right for sign -1, so little is left to learn; wrong for sign 1.
    assert abs(float(first[0])) == pytest.approx(0.047426 if sign == -1 else 0.952574, abs=1e-6)
