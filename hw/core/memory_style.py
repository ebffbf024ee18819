"""How synthesis should build the small memories, so that the weights get the block RAMs."""

from __future__ import annotations

from onward.hw.spec.config import CoreConfig

__all__ = ["small_memory"]


def small_memory(config: CoreConfig) -> dict[str, int | str]:
    """Attributes of a memory that is better made of lookup tables where weights are kept in block RAM.

    The preset of the ECP5 85F needs nearly all of its 208 blocks. Parts with single-port memory for the weights have
    block RAM to spare, and no lookup tables that could be memories.
    """
    return {} if config.memory == "spram" else {"ram_style": "distributed"}
