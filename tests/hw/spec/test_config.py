"""Configurations: what is refused, and the sizes that follow from the others."""

from dataclasses import replace

import pytest
from hypothesis import given
from hypothesis import strategies as st

from onward.hw.spec.config import ConfigError, CoreConfig
from onward.hw.spec.presets import PRESETS

BASE = PRESETS["tiny"]


@pytest.mark.parametrize(
    ("changes", "words"),
    [
        ({"inputs": 0}, "inputs must be 1 to 4096, not 0"),
        ({"classes": 1}, "classes must be 2 to 256, not 1"),
        ({"lanes": 2000}, "lanes must be 1 to 1024, not 2000"),
        ({"results": 257}, "results must be 4 to 256, not 257"),
        ({"hidden": ()}, "hidden must name at least one layer"),
        ({"hidden": (4, 0)}, r"not \[4, 0\]"),
        ({"hidden": ("4",)}, "hidden has a value of the wrong type"),
        ({"group": 3}, "group must divide the 4 lanes"),
        ({"weight_bits": 18}, "weight_bits must be 8 to 16, not 18"),
        ({"operand_bits": 17}, "operand_bits must be 16 or 18, not 17"),
        ({"memory": "dram"}, "memory must be 'bram' or 'spram', not 'dram'"),
        ({"clock_mhz": 0}, "clock_mhz must be 1 to 1000, not 0"),
        ({"rows": 2.5}, "rows has a value of the wrong type: 2.5"),
        ({"lanes": True}, "lanes has a value of the wrong type: True"),
    ],
)
def test_refused(changes: dict[str, object], words: str) -> None:
    with pytest.raises(ConfigError, match=words):
        replace(BASE, **changes)  # type: ignore[arg-type]


def test_group_must_fit_a_cluster() -> None:
    config = replace(BASE, lanes=24, group=12)
    assert config.cluster_lanes == 12
    assert replace(BASE, lanes=24, group=8).cluster_lanes == 16


@given(st.integers(8, 16), st.sampled_from([16, 18]), st.integers(1, 4096))
def test_accumulator_holds_the_largest_sum(weight_bits: int, operand_bits: int, inputs: int) -> None:
    config = replace(BASE, weight_bits=weight_bits, operand_bits=operand_bits, inputs=inputs)
    product = config.weight.min * config.operand.min
    shift = config.accumulator_fraction - config.weight.fraction - config.operand.fraction
    assert shift >= 0
    assert config.max_terms >= inputs + config.classes
    assert config.max_terms * (product << shift) <= 1 << (config.accumulator_bits - 1)


def test_digest_ignores_only_the_name() -> None:
    assert replace(BASE, name="other").digest == BASE.digest
    assert replace(BASE, rows=97).digest != BASE.digest
    assert len({config.digest for config in PRESETS.values()}) == len(PRESETS)


def test_tiles() -> None:
    config = CoreConfig(name="x", inputs=4, hidden=(9,), classes=2, lanes=4, rows=8, group=1)
    assert [config.tiles(units) for units in (1, 4, 5, 8, 9)] == [1, 1, 2, 2, 3]


def test_compact() -> None:
    compact = PRESETS["icebreaker-compact"]
    assert compact.compact and compact.memory == "spram"
    with pytest.raises(ConfigError, match="a compact core needs memory 'spram', 4 lanes, .* not 'spram', 8, 16 and 16"):
        replace(compact, lanes=8)


def test_cores_that_are_not_compact_keep_their_digest() -> None:
    assert PRESETS["tiny"].digest == "9e628a356f520234"
