"""The architectural state: seeds, host writes, hash."""

import torch

from onward.hw.spec.presets import PRESETS
from onward.hw.spec.tables import generator_constant
from onward.sw.golden.state import State, weights_sha256

TINY = PRESETS["tiny"]


def test_seed() -> None:
    state = State(TINY)
    state.seed(0xFFFF0000)
    assert state.generators.tolist() == [
        (generator_constant(index) ^ 0xFFFF0000) | 1 for index in range(TINY.lanes + 2)
    ]
    state.seed(generator_constant(0))
    assert int(state.generators[0]) == 1


def test_host_write_goes_through_the_accumulators() -> None:
    state = State(TINY)
    state.write_row(5, torch.tensor([1, -2, 8191, -8192]))
    assert state.weights[5].tolist() == [1, -2, 8191, -8192]
    shift = TINY.accumulator_fraction - TINY.operand.fraction
    assert (state.accumulators >> shift).tolist() == [1, -2, 8191, -8192]


def test_hash() -> None:
    weights = torch.tensor([[1, -2], [3, 4]])
    # SHA-256 of 01 00 fe ff 03 00 04 00
    assert weights_sha256(weights) == weights_sha256(weights.int())
    assert weights_sha256(weights) != weights_sha256(weights.T)
    assert len(weights_sha256(weights)) == 64
