"""Signal propagation in float: no gradient goes down, losses fall, and it learns digits."""

import torch
from torch import Tensor

from onward.sw.reference.sigprop import SigProp


def batch(count: int) -> tuple[Tensor, Tensor]:
    random = torch.Generator().manual_seed(1)
    return torch.rand(count, 12, generator=random, dtype=torch.float64), torch.arange(count) % 4


def test_no_gradient_reaches_the_layer_below() -> None:
    net = SigProp(12, (7, 5), 4)
    x, y = batch(3)
    last = torch.nn.functional.cross_entropy(10 * net.cosines(x)[-1], y)
    gradients = torch.autograd.grad(last, (net.W[0], net.S, net.W[1]), allow_unused=True)
    assert gradients[0] is None
    assert gradients[1] is None
    assert gradients[2] is not None and gradients[2].abs().sum() > 0


def test_step_lowers_the_loss() -> None:
    net = SigProp(12, (7, 5), 4)
    x, y = batch(8)
    before = net.loss(x, y).item()
    for _ in range(20):
        net.train_batch(x, y, 0.05)
    assert net.loss(x, y).item() < before - 0.1


def test_learns(images: tuple[Tensor, Tensor, Tensor, Tensor]) -> None:
    x, y, test_x, test_y = images
    net = SigProp(784, (32, 32), 10)
    for _ in range(3):
        for i in range(0, len(x), 10):
            net.train_batch(x[i : i + 10], y[i : i + 10], 0.1)
    for labels in net.predict(test_x):
        assert (labels != test_y).double().mean() < 0.25
