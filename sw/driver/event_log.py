"""TensorBoard event files of a training."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from types import TracebackType
from typing import Any, Self

from onward.hw.spec.config import ConfigError

from .training_state import ValidationPoint

__all__ = ["EventLog"]


class EventLog:
    """Event files in a folder; the step of every value is the number of samples trained on so far.

    Parameters
    ----------
    path : the folder, made if need be.
    first : samples done before. What an earlier process logged beyond them is void: those samples come again.
    """

    def __init__(self, path: Path, first: int = 0) -> None:
        self._writer = _writer_type()(str(path), purge_step=first + 1 if path.exists() else None)

    @staticmethod
    def check() -> None:
        """Raise ConfigError unless event files can be written here."""
        _writer_type()

    def step(self, samples: int, error: float, factor: float, rate: float, saturations: Mapping[str, int]) -> None:
        """Log a step: training error in percent, factor of the learning rates, samples a second, saturations so far."""
        self._writer.add_scalar("training/error", error, samples)
        self._writer.add_scalar("training/rate_factor", factor, samples)
        self._writer.add_scalar("training/samples_per_s", rate, samples)
        for name, count in saturations.items():
            self._writer.add_scalar(f"saturations/{name}", count, samples)

    def validation(self, point: ValidationPoint) -> None:
        """Log a point of the validation curve."""
        for name in ("goodness", "readout"):
            error = point[f"validation_error_{name}"]
            self._writer.add_scalar(f"validation/error_{name}", error, int(point["samples"]))

    def flush(self) -> None:
        """Bring all that was logged to disk."""
        self._writer.flush()

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._writer.close()


def _writer_type() -> Any:
    # Imported when asked for: it takes a second and a half, and is an optional package.
    try:
        from torch.utils.tensorboard import SummaryWriter
    except ImportError as error:
        raise ConfigError(
            f"event files need the package tensorboard ({error}): pip install 'onward[tensorboard]'"
        ) from None
    return SummaryWriter
