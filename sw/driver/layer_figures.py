"""Figures of a training in parts, the way reports state them."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

from onward.hw.spec.config import CoreConfig

from .layers import LayerTraining, StageTraining
from .metrics import rows_sha256
from .resources import memory_blocks
from .stages import whole_core

__all__ = ["layer_figures"]


def layer_figures(config: CoreConfig, training: LayerTraining, in_turn: bool) -> dict[str, Any]:
    """Cycles, memories and weights of each layer, and of the whole; None for what needs a clock, if there is none.

    A pipeline takes an image as often as its slowest core does; a core that trains the layers in turn, when it has
    done all of them, activities included. ``cycles`` are those of the cores alone; ``elapsed`` is for training only,
    with the link between cores and host.
    """
    images = len(training.labels)
    stages = [_stage(config, stage, images) for stage in training.stages]
    whole = whole_core(config).rows
    combine = sum if in_turn else max
    cycles = elapsed = None
    if all(stage["cycles_per_image"] for stage in stages):
        cycles = combine(stage["cycles_per_image"] + stage["handover_cycles"] / images for stage in stages)
    if all(stage["elapsed_per_image"] for stage in stages):
        elapsed = combine(stage["elapsed_per_image"] for stage in stages)
    return {
        "samples": images,
        "cycles_per_image": cycles,
        "elapsed_per_image": elapsed,
        "clock_mhz": config.clock_mhz,
        "samples_per_s": config.clock_mhz * 1e6 / cycles if cycles else None,
        "host_samples_per_s": images / training.seconds,
        "stored_bytes": training.stored,
        "rows_whole": whole,
        "memory_blocks_whole": memory_blocks(replace(config, rows=whole)),
        "rows_largest_stage": max(stage["rows"] for stage in stages),
        "memory_blocks_largest_stage": max(stage["memory_blocks"] for stage in stages),
        "training_error": 100 * float((training.guesses != training.labels).mean()),
        "stages": stages,
    }


def _stage(config: CoreConfig, trained: StageTraining, images: int) -> dict[str, Any]:
    cycles = trained.counters["cycles"]
    return {
        "layer": trained.stage.number,
        "rows": trained.rows,
        "memory_blocks": memory_blocks(replace(config, rows=trained.rows)),
        "words_handed_on": trained.stage.words,
        "cycles_per_image": cycles / images if cycles else None,
        "elapsed_per_image": trained.elapsed / images if trained.elapsed else None,
        "busy_cycles_per_image": (trained.counters["busy_cycles"] or 0) / images,
        "handover_cycles": trained.handover_cycles,
        "saturations": {
            name.removesuffix("_saturations"): count
            for name, count in trained.counters.items()
            if name.endswith("_saturations")
        },
        "weights_sha256": rows_sha256(trained.weights),
    }
