"""Real images for the learning tests."""

from collections.abc import Iterator

import pytest
import torch
from torch import Tensor

from onward.sw.data.datasets import load


@pytest.fixture(scope="session")
def images() -> tuple[Tensor, Tensor, Tensor, Tensor]:
    """The first 3,000 training and 500 test images of MNIST, each with their labels.

    Images are ``(N, 784)`` of 0 to 1, labels int64 ``(N,)``.
    """
    subset = load("mnist-small")
    return (
        torch.tensor(subset.train_images[:3000]) / 255,
        torch.tensor(subset.train_labels[:3000], dtype=torch.int64),
        torch.tensor(subset.test_images[:500]) / 255,
        torch.tensor(subset.test_labels[:500], dtype=torch.int64),
    )


@pytest.fixture(autouse=True)
def one_core() -> Iterator[None]:
    """These nets are too small to share between cores, and sums stay in the same order."""
    threads = torch.get_num_threads()
    torch.set_num_threads(1)
    yield
    torch.set_num_threads(threads)
