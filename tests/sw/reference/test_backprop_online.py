"""Compiled online backprop against autodiff."""

import numpy as np
import pytest
import torch

from onward.sw.golden.sample import Batch
from onward.sw.reference.backprop import Backprop, BackpropConfig
from onward.sw.reference.backprop_online import train_online


def images(count: int) -> tuple[np.ndarray, np.ndarray]:
    random = np.random.default_rng(3)
    pixels = random.integers(1, 256, (count, 12)) * (random.random((count, 12)) < 0.6)
    pixels[1] = 0  # an image without any ink
    return pixels.astype(np.uint8), random.integers(0, 4, count).astype(np.uint8)


@pytest.mark.parametrize("hidden", [(), (7,), (7, 5), (6, 5, 4)])
@pytest.mark.parametrize(("dtype", "tolerance"), [(torch.float64, 1e-10), (torch.float32, 1e-4)])
def test_equals_autodiff(hidden: tuple[int, ...], dtype: torch.dtype, tolerance: float) -> None:
    config = BackpropConfig(inputs=12, hidden=hidden, classes=4, learning_rate=0.3)
    compiled, reference = (Backprop(config, seed=2, dtype=dtype) for _ in range(2))
    pixels, labels = images(40)
    expected = []
    for x, y in zip(torch.tensor(pixels), labels.tolist(), strict=True):
        expected.append(int(reference.predict(x[None])))
        reference.train_sample(x, y)
    guesses = train_online(compiled, Batch.from_images(pixels, labels))
    assert guesses.tolist() == expected
    for a, b in zip((*compiled.W, *compiled.b), (*reference.W, *reference.b), strict=True):
        torch.testing.assert_close(a, b, atol=tolerance, rtol=tolerance)
    # It did learn, by as much as the rate says.
    start = Backprop(config, seed=2, dtype=dtype)
    assert (compiled.W[0] - start.W[0]).abs().max() > 0.05


def test_rate_is_the_present_one() -> None:
    config = BackpropConfig(inputs=12, hidden=(7,), classes=4)
    net, start = Backprop(config), Backprop(config)
    net.learning_rate = 0.0
    train_online(net, Batch.from_images(*images(9)))
    assert all(torch.equal(a, b) for a, b in zip(net.W, start.W, strict=True))
