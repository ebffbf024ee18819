"""Which memories leave the block RAMs to the weights."""

from __future__ import annotations

from onward.hw.core.memory_style import small_memory
from onward.hw.spec.presets import PRESETS


def test_small_memories_are_lookup_tables_where_weights_are_in_block_ram() -> None:
    assert small_memory(PRESETS["ulx3s-85f"]) == {"ram_style": "distributed"}
    assert small_memory(PRESETS["icebreaker"]) == {}
