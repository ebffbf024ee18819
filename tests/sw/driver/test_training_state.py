"""How far a training has come."""

from __future__ import annotations

import json

import numpy as np
import pytest

from onward.sw.driver.trainer import Evaluation, Training
from onward.sw.driver.training_state import TrainingState

from .driver_data import program


def stretch(guesses: list[int], counters: dict[str, int | None], seconds: float = 1.0) -> Training:
    labels = np.zeros(len(guesses), np.int64)
    return Training(program(), np.zeros((1, 4), np.int32), np.array(guesses), labels, counters, seconds)


def made() -> TrainingState:
    first = TrainingState().after(stretch([1, 2], {"cycles": 10, "weight_saturations": 3}, 0.5), 4)
    labels = np.array([0, 1, 1, 1])
    judged = first.validated(Evaluation(np.array([0, 0, 1, 1]), np.array([1, 0, 0, 1]), labels))
    return judged.after(stretch([0], {"cycles": 5, "weight_saturations": 4}), 6)


def test_stretches_add_up() -> None:
    state = made()
    assert state.steps == 6
    assert state.guesses.tolist() == [1, 2, 0]
    assert state.counters == {"cycles": 15, "weight_saturations": 7}
    assert state.seconds == 1.5
    point = {"samples": 2, "validation_error_goodness": 25.0, "validation_error_readout": 75.0}
    assert state.validation == (point,)


def test_what_one_board_could_not_count_is_unknown() -> None:
    for counts in ((None, 5), (5, None)):
        state = TrainingState()
        for count in counts:
            state = state.after(stretch([0], {"cycles": count}), 1)
        assert state.counters == {"cycles": None}


def test_what_an_older_version_has_not_counted_is_unknown() -> None:
    state = TrainingState().after(stretch([0], {"cycles": 3}), 1).after(stretch([0], {"cycles": 3, "row_reads": 4}), 2)
    assert state.counters == {"cycles": 6, "row_reads": None}


def test_comes_back() -> None:
    state = made()
    again = TrainingState.from_json(state.to_json(), state.guesses.astype(np.int16))
    assert again.guesses.tolist() == state.guesses.tolist()
    assert again.to_json() == state.to_json()
    empty = TrainingState()
    assert TrainingState.from_json(empty.to_json(), empty.guesses).to_json() == empty.to_json()


def test_every_change_is_noticed() -> None:
    state = made()
    values = json.loads(state.to_json())
    changes = {"steps": 5, "seconds": 2.5, "counters": {"cycles": 16, "weight_saturations": 7}, "validation": []}
    assert set(changes) | {"sha256"} == set(values)
    for name, value in changes.items():
        with pytest.raises(ValueError, match="state of the training has been changed"):
            TrainingState.from_json(json.dumps(values | {name: value}), state.guesses)
    with pytest.raises(ValueError, match="state of the training has been changed"):
        TrainingState.from_json(state.to_json(), state.guesses[:-1])
