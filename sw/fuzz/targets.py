"""Every parser that is given hostile input, by name."""

from __future__ import annotations

from collections.abc import Callable

from .frame_target import frame_target
from .idx_target import gzip_target, idx_target
from .target import Target
from .toml_target import preset_target, study_target
from .training_target import checkpoint_target, run_folder_target

__all__ = ["TARGETS"]

TARGETS: dict[str, Callable[[], Target]] = {
    "frames": frame_target,
    "idx": idx_target,
    "idx-gzip": gzip_target,
    "presets": preset_target,
    "studies": study_target,
    "checkpoints": checkpoint_target,
    "run-folders": run_folder_target,
}
"""What makes each target; their shares make a thousand thousandths."""
