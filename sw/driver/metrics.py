"""Figures of a training, the way reports state them."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np
import torch
from numpy.typing import NDArray

from onward.hw.spec.config import CoreConfig
from onward.sw.golden.state import weights_sha256

from .trainer import Evaluation, Training

__all__ = ["evaluation_figures", "rows_sha256", "training_figures", "validation_figures"]


def rows_sha256(rows: NDArray[np.integer]) -> str:
    """SHA-256 of weight rows (rows, lanes), the one number that all comparisons state."""
    return weights_sha256(torch.from_numpy(rows.astype(np.int32)))


def training_figures(config: CoreConfig, training: Training) -> dict[str, Any]:
    """Figures of a training; None for those that need a clock, if the board has none.

    ``samples_per_s`` is what the core does at the configuration's clock, ``host_samples_per_s`` what was seen here.
    """
    samples = len(training.labels)
    counters = training.counters
    cycles, busy = counters["cycles"], counters["busy_cycles"]
    rows = {name: counters[name] for name in ("row_reads", "row_writes")}
    return {
        "samples": samples,
        "cycles": cycles,
        "cycles_per_sample": cycles / samples if cycles else None,
        "busy_cycles": busy,
        "mac_utilisation": busy / cycles if cycles and busy is not None else None,
        **rows,
        **{f"{name}_per_sample": None if count is None else count / samples for name, count in rows.items()},
        "clock_mhz": config.clock_mhz,
        "samples_per_s": config.clock_mhz * 1e6 * samples / cycles if cycles else None,
        "host_samples_per_s": samples / training.seconds,
        "saturations": {
            name.removesuffix("_saturations"): count
            for name, count in counters.items()
            if name.endswith("_saturations")
        },
        "weights_sha256": rows_sha256(training.weights),
        "curve": training.curve(),
    }


def evaluation_figures(evaluation: Evaluation | None) -> dict[str, Any]:
    """Test errors in percent, and on how many images; None for a test that was not made."""
    return {
        "test_samples": len(evaluation.labels) if evaluation else 0,
        "test_error_goodness": evaluation.error_goodness if evaluation else None,
        "test_error_readout": evaluation.error_readout if evaluation else None,
    }


def validation_figures(samples: int, curve: Sequence[Mapping[str, float]]) -> dict[str, Any]:
    """Errors on the ``samples`` held out: at the end, and over the training; None without validation."""
    last = curve[-1] if curve else {}
    return {
        "validation_samples": samples,
        "validation_error_goodness": last.get("validation_error_goodness"),
        "validation_error_readout": last.get("validation_error_readout"),
        "validation_curve": [dict(point) for point in curve],
    }
