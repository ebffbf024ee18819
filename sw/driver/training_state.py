"""How far a training has come, apart from its weights."""

from __future__ import annotations

import hashlib
import json
from dataclasses import dataclass, field
from typing import Any

import numpy as np
from numpy.typing import NDArray

from .trainer import Evaluation, Training

__all__ = ["TrainingState", "ValidationPoint"]

ValidationPoint = dict[str, float]
"""``samples`` trained on so far, ``validation_error_goodness`` and ``validation_error_readout`` in percent."""


@dataclass(frozen=True)
class TrainingState:
    """All that the figures of a training come from, after some of its steps.

    Members
    -------
    steps : of the recipe that are done.
    guesses : what the readout said of each sample before learning it.
    counters : of the boards, added up; None for what one of them could not know.
    seconds : that the steps took.
    validation : errors on the validation images so far.
    """

    steps: int = 0
    guesses: NDArray[np.int64] = field(default_factory=lambda: np.zeros(0, np.int64))
    counters: dict[str, int | None] = field(default_factory=dict)
    seconds: float = 0.0
    validation: tuple[ValidationPoint, ...] = ()

    def after(self, stretch: Training, steps: int) -> TrainingState:
        """The state when the training has gone on by ``stretch``, to ``steps`` steps in all."""
        # What a checkpoint of an older version has not counted is unknown, too.
        missing = None if self.steps else 0
        return TrainingState(
            steps,
            np.concatenate((self.guesses, stretch.guesses)),
            {name: _sum(self.counters.get(name, missing), count) for name, count in stretch.counters.items()},
            self.seconds + stretch.seconds,
            self.validation,
        )

    def validated(self, evaluation: Evaluation) -> TrainingState:
        """The state with one more point of the validation curve."""
        point = {
            "samples": len(self.guesses),
            "validation_error_goodness": evaluation.error_goodness,
            "validation_error_readout": evaluation.error_readout,
        }
        validation = (*self.validation, point)
        return TrainingState(self.steps, self.guesses, self.counters, self.seconds, validation)

    def to_json(self) -> str:
        """All but the guesses, with a hash over those and the rest."""
        values: dict[str, Any] = {
            "steps": self.steps,
            "counters": self.counters,
            "seconds": self.seconds,
            "validation": list(self.validation),
        }
        return json.dumps(values | {"sha256": self._sha256(values)})

    @classmethod
    def from_json(cls, text: str, guesses: NDArray[np.integer]) -> TrainingState:
        """The state that :meth:`to_json` described; raises ValueError if something has been changed."""
        values = json.loads(text)
        expected = values.pop("sha256")
        validation = tuple(values.pop("validation"))
        state = cls(guesses=guesses.astype(np.int64), validation=validation, **values)
        if state._sha256(values | {"validation": list(validation)}) != expected:
            raise ValueError("the state of the training has been changed: the hash does not match")
        return state

    def _sha256(self, values: dict[str, Any]) -> str:
        text = json.dumps(values, sort_keys=True).encode()
        return hashlib.sha256(text + self.guesses.astype("<i8").tobytes()).hexdigest()


def _sum(a: int | None, b: int | None) -> int | None:
    return None if a is None or b is None else a + b
