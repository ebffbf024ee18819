"""Sizes of cores."""

from __future__ import annotations

from dataclasses import replace

import pytest

from onward.hw.spec.presets import PRESETS
from onward.sw.driver.resources import describe_core, memory_blocks, weight_blocks

from .driver_data import FF, TINY, program


@pytest.mark.parametrize(
    ("preset", "changes", "blocks"),
    [
        ("ulx3s-85f", {}, 200),  # eight clusters of 224 bits: 25 blocks of 2048 x 9 each
        ("ulx3s-85f", {"weight_bits": 12}, 176),  # 192 bits: 22 each, rounded up from 21.3
        ("ulx3s-85f", {"rows": 1024, "weight_bits": 16}, 120),  # 256 bits: 15 of 1024 x 18
        ("ulx3s-85f", {"rows": 512, "weight_bits": 16}, 64),  # 8 of 512 x 36
        ("ulx3s-85f", {"lanes": 24, "rows": 512}, 11),  # 16 lanes: 7 blocks of 512 x 36; 8 lanes: 4
        ("icebreaker", {}, 4),
        ("icebreaker", {"rows": 8193}, 5),
        ("tiny", {}, 2),  # 56 bits
    ],
)
def test_weight_blocks(preset: str, changes: dict[str, int], blocks: int) -> None:
    assert weight_blocks(replace(PRESETS[preset], **changes)) == blocks  # type: ignore[arg-type]


@pytest.mark.parametrize(
    ("preset", "changes", "blocks"),
    [
        # As yosys's synth_ecp5 counts them: 4 for the program, 2 for the samples, one each for elements and frames.
        ("ulx3s-85f", {"lanes": 16, "hidden": (16, 16)}, 25 + 8),
        ("ulx3s-85f", {}, 208),
        ("ulx3s-85f", {"program": 1024}, 212),
        ("icebreaker", {}, 4),
    ],
)
def test_memory_blocks(preset: str, changes: dict[str, int], blocks: int) -> None:
    assert memory_blocks(replace(PRESETS[preset], **changes)) == blocks  # type: ignore[arg-type]


def test_description() -> None:
    made = describe_core(program(), program())
    assert made["rows_used"] == program().map.used <= made["rows"]
    assert made["program_used"] == len(program().instructions) <= made["program"]
    assert made["parameters"] == 3 * 6 + 20 * 6 + 6 + 3 * 6 + 6 * 5 + 5 + 3 * 5
    assert made["multipliers"] == TINY.lanes + 4
    assert 0 < made["predicted_mac_utilisation"] < 1
    assert made["predicted_samples_per_s"] == pytest.approx(80e6 / made["predicted_cycles_train"], rel=0.01)


@pytest.mark.parametrize("name", PRESETS)
def test_every_preset_has_room(name: str) -> None:
    made = describe_core(*[FF.build(PRESETS[name], FF.parameters)] * 2)
    assert made["preset"] == name
    assert made["rows_used"] <= made["rows"]
