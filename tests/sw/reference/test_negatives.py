"""Negatives: never the true label, and drawn as often as asked."""

from typing import get_args

import pytest
import torch
from hypothesis import given
from hypothesis import strategies as st

from onward.sw.reference.negatives import Negatives, draw_negatives


def seeded(seed: int = 0) -> torch.Generator:
    return torch.Generator().manual_seed(seed)


@given(st.sampled_from(get_args(Negatives)), st.integers(2, 12), st.integers(0, 2**32))
def test_never_the_true_label(kind: Negatives, classes: int, seed: int) -> None:
    labels = torch.arange(100) % classes
    sure = torch.nn.functional.one_hot(labels, classes).double()
    drawn = draw_negatives(kind, labels, sure, seeded(seed))
    assert drawn.shape == labels.shape
    assert bool(((drawn >= 0) & (drawn < classes)).all())
    assert not bool((drawn == labels).any())


@pytest.mark.parametrize("kind", get_args(Negatives))
def test_frequencies(kind: Negatives) -> None:
    count = 50_000
    probabilities = torch.tensor([0.6, 0.3, 0.1, 0.0]).expand(count, 4)
    drawn = draw_negatives(kind, torch.full((count,), 1), probabilities, seeded())
    weights = torch.tensor([0.61, 0.0, 0.11, 0.01] if kind == "hard" else [1.0, 0.0, 1.0, 1.0])
    frequencies = torch.bincount(drawn, minlength=4) / count
    torch.testing.assert_close(frequencies, weights / weights.sum(), atol=0.01, rtol=0)
    assert float(frequencies[3]) > 0.005


def test_same_seed_same_draws_and_nothing_is_changed() -> None:
    labels = torch.arange(50) % 10
    probabilities = torch.full((50, 10), 0.1)
    first = draw_negatives("hard", labels, probabilities, seeded(3))
    assert torch.equal(first, draw_negatives("hard", labels, probabilities, seeded(3)))
    assert not torch.equal(first, draw_negatives("hard", labels, probabilities, seeded(4)))
    assert torch.equal(probabilities, torch.full((50, 10), 0.1))
