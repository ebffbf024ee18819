"""Matrices in rows and back."""

from dataclasses import replace

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from onward.hw.spec.config import ConfigError
from onward.hw.spec.memory_map import MemoryMap
from onward.hw.spec.presets import PRESETS


@given(st.integers(1, 9), st.lists(st.tuples(st.integers(1, 12), st.integers(1, 20)), min_size=1, max_size=4))
def test_round_trip_and_locate(lanes: int, shapes: list[tuple[int, int]]) -> None:
    config = replace(PRESETS["tiny"], lanes=lanes, group=1, rows=2000)
    memory_map = MemoryMap(config)
    memory = np.zeros((config.rows, lanes), dtype=np.int32)
    values = {}
    for number, (inputs, units) in enumerate(shapes):
        matrix = memory_map.add(f"M{number}", inputs, units)
        values[matrix] = np.arange(1, inputs * units + 1).reshape(inputs, units) + 1000 * number
        assert not memory[matrix.base : matrix.base + matrix.rows].any()
        memory[matrix.base : matrix.base + matrix.rows] = matrix.pack(values[matrix])
    for matrix, expected in values.items():
        assert (matrix.unpack(memory) == expected).all()
        for row in range(matrix.base, matrix.base + matrix.rows):
            assert memory_map.find(row) is matrix
            for lane in range(lanes):
                element, unit = matrix.locate(row, lane)
                assert memory[row, lane] == (expected[element, unit] if unit < matrix.units else 0)
    assert memory_map.find(0) is None
    assert memory_map.find(memory_map.used) is None


def test_full() -> None:
    memory_map = MemoryMap(PRESETS["tiny"])
    with pytest.raises(ConfigError, match="tiny: the weights need at least 101 rows of 4 lanes .*there are only 96"):
        memory_map.add("W", 50, 8)
