"""Distributions of a network's numbers."""

from __future__ import annotations

import numpy as np
import pytest
from pytest import approx

from onward.hw.spec.formats import Fixed
from onward.hw.spec.presets import PRESETS
from onward.sw.driver.checkpoint import Checkpoint
from onward.sw.driver.rules import RULES
from onward.sw.studies.ranges import Distribution, measure_ranges
from tests.sw.driver.driver_data import batch_of, recipe

TINY = PRESETS["tiny"]


def test_distribution() -> None:
    codes = np.array([0] * 1000 + [1] * 499 + [-8] * 500 + [127])
    found = Distribution.of("weight", "W", Fixed(8, 5), codes)
    assert (found.resolution, found.limit, found.count) == (1 / 32, 4, 2000)
    assert (found.min, found.max, found.smallest, found.largest) == (-8 / 32, 127 / 32, 1 / 32, 127 / 32)
    assert (found.median, found.zeros, found.at_limit) == (8 / 32, 0.5, 1 / 2000)
    assert Distribution.of("weight", "W", Fixed(8, 5), np.append(codes, [9] * 1000)).quantile == 9 / 32


def test_only_zeros() -> None:
    found = Distribution.of("weight", "W", Fixed(8, 5), np.zeros(3, np.int64))
    assert (found.zeros, found.smallest, found.largest, found.quantile) == (1, 0, 0, 0)


@pytest.fixture
def checkpoint() -> Checkpoint:
    program = RULES["ff"].build(TINY, RULES["ff"].parameters)
    rows = RULES["ff"].initial_weights(program, 1)[: program.map.used]
    return Checkpoint.from_rows(TINY, recipe(10), "patterns", program.map, rows)


def test_arrays_of_a_network(checkpoint: Checkpoint) -> None:
    found = {(each.kind, each.name): each for each in measure_ranges(checkpoint, batch_of(8))}
    kinds = {kind: {name for each, name in found if each == kind} for kind, _ in found}
    assert kinds["weight"] == set(checkpoint.matrices)
    assert kinds["vector"] == {"x1", "d"} | {f"z{phase}{layer}" for phase in "NPG" for layer in "12"}
    assert kinds["element"] == {"logits", "p", "p - y"}
    assert kinds["operand"] == {"of products", "of fine updates", "of coarse updates"}
    assert kinds["accumulator"] == {"of all lanes"}

    first = checkpoint.matrices["W1"]
    assert found["weight", "W1"].max == first.max() / 2**11
    assert (found["weight", "W1"].count, found["weight", "W1"].bits) == (first.size, 14)
    # Probabilities have 14 fraction bits, and so has what EADD makes of them; logits have 11.
    assert 0 < found["element", "p"].max <= 1
    assert -1 <= found["element", "p - y"].min < 0
    assert found["element", "p - y"].fraction == 14
    assert found["element", "logits"].fraction == 11
    # 8 samples, 2 words of 4 lanes each; relu leaves nothing negative.
    assert found["vector", "zN1"].count == 64
    assert found["vector", "zN1"].min == 0 > found["vector", "x1"].min
    assert found["operand", "of products"].max == approx(1, abs=0.01)
    assert found["operand", "of fine updates"].limit == 0.25


def test_samples_matter(checkpoint: Checkpoint) -> None:
    one, other = (measure_ranges(checkpoint, batch_of(4, seed=seed)) for seed in (0, 1))
    assert one != other
    assert one == measure_ranges(checkpoint, batch_of(4, seed=0))
