"""The network of a run, for commands that use it."""

from __future__ import annotations

from pathlib import Path

from onward.hw.spec.config import CoreConfig
from onward.sw.driver.checkpoint import Checkpoint
from onward.sw.driver.run_folder import RunFolder

from .progress import note

__all__ = ["load_network"]


def load_network(run: Path, wanted: CoreConfig | None = None) -> Checkpoint:
    """The newest checkpoint in the folder ``run``, with a line on standard error if the training is not over.

    Raises
    ------
    CheckpointError
        If there is none that can be used, or it is not for the core ``wanted``.
    """
    checkpoint = RunFolder.find_checkpoint(run, note, wanted)
    if not checkpoint.finished:
        note(
            f"{run}: is unfinished, this is the network after {checkpoint.trained_samples:,}"
            f" of {checkpoint.recipe.samples:,} samples; onward train --resume {run} continues"
        )
    return checkpoint
