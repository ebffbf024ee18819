"""Which benches judge the mutants of a module."""

from __future__ import annotations

from typing import Any

__all__ = ["CHANGES", "MODULES"]

_WHOLE = ("core", "training", "link", "watchdog")
"""One design, so that what one does not notice another one may; only the last one has programs without an end."""

MODULES: dict[str, tuple[str, ...]] = {
    "reduce_tree": ("reduce_tree",),
    "weight_memory": ("weight_memory",),
    "operand_unit": ("operand_unit",),
    "generator": ("operand_unit",),
    "scanner": ("scanner",),
    "sample_buffer": ("sample_buffer",),
    "pixel_merge": ("pixel_merge",),
    "cluster": ("cluster",),
    **dict.fromkeys(("lane", "lane_generator", "lane_product"), ("cluster",)),
    **dict.fromkeys(
        (
            "scalar_unit",
            "scalar_queue",
            "scalar_registers",
            "scalar_datapath",
            "function_table",
            "multiplier",
            "aligner",
            "packer",
            "element_stage",
            "element_walk",
            "float_ops",
            "element_ops",
            "softmax",
            "draw",
            "result_port",
        ),
        ("scalar_unit",),
    ),
    "reducer": ("reducer",),
    "normaliser": ("reducer",),
    "scalar_to_fixed": ("reducer",),
    "row_port": ("row_port",),
    "watchdog": ("watchdog",),
    **dict.fromkeys(("core", "sequencer", "fetch", "broadcast", "register_slice", "branch", "lane_seeding"), _WHOLE),
}
"""Benches for each file of ``hw/core`` with a component: its unit's own, in the smallest design that has it.

Files without one, such as ``carry_chain``, hold what other files' components are made of, and are mutated there.
"""

CHANGES: dict[str, dict[str, Any]] = {
    "core": {"inputs": 130, "rows": 192, "lanes": 12, "vectors": 16},
    "row_port": {"lanes": 640},
    "scalar_unit": {"elements": 4096},
    "scanner": {"lanes": 40},
    "watchdog": {"watchdog": 47_123},
}
"""What is different from the preset in the design that a bench judges first, so that every bit of it matters.

More lanes than reductions may be outstanding, and pixels than a tile has; any lane an access can name; as many elements
as addresses can name; three clusters, of which the last is smaller.
"""
