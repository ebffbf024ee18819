"""What a training does, step by step."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from onward.hw.spec.config import ConfigError
from onward.sw.driver.recipe import Recipe
from onward.sw.driver.schedules import SCHEDULES, factors
from onward.sw.programs.pff_parameters import PFFParameters

from .driver_data import FF, recipe


@given(st.integers(1, 300), st.integers(1, 900))
def test_every_epoch_visits_every_image_once(images: int, samples: int) -> None:
    steps = recipe(images, samples).steps()
    order = np.concatenate([step.images for step in steps])
    assert len(order) == samples
    for first in range(0, samples, images):
        epoch = order[first : first + images]
        assert len(set(epoch.tolist())) == len(epoch)
        assert set(epoch.tolist()) <= set(range(images))
    assert [step.first for step in steps] == np.cumsum([0] + [len(step.images) for step in steps])[:-1].tolist()
    assert [step.epoch for step in steps] == [step.first // images for step in steps]
    assert all(len(step.images) for step in steps)


def test_steps_are_many_and_small() -> None:
    assert len(recipe(100).steps()) == 10
    assert len(recipe(3).steps()) == 3
    assert len(recipe(60_000).steps()) == 60
    assert max(len(step.images) for step in recipe(10_001, 20_002).steps()) <= 1000


def test_rates_fall_linearly() -> None:
    factors = [step.factor for step in recipe(50, 100, final=0.25).steps()]
    assert factors[0] == 1
    assert factors[-1] == 0.25
    assert np.allclose(np.diff(factors), -0.75 / 19)


@pytest.mark.parametrize("schedule", SCHEDULES)
def test_schedules(schedule: str) -> None:
    plan = replace(recipe(50, 100, final=0.25), schedule=schedule)
    assert [step.factor for step in plan.steps()] == factors(schedule, plan.final, 20)
    assert plan.final == (1 if schedule == "constant" else 0.25)
    assert [step.seed for step in plan.steps()] == [step.seed for step in recipe(50, 100).steps()]


def test_epochs() -> None:
    assert [recipe(20, samples).epochs for samples in (1, 20, 21, 60)] == [1, 1, 2, 3]


def test_everything_follows_from_the_seed() -> None:
    def key(seed: int) -> list[tuple[object, ...]]:
        return [(step.seed, *step.images.tolist()) for step in recipe(40, 80, seed=seed).steps()]

    assert key(1) == key(1)
    assert key(1) != key(2)
    seeds = [step.seed for step in recipe(40, 400).steps()]
    assert len(set(seeds)) == len(seeds)
    assert all(0 <= seed < 1 << 32 for seed in seeds)
    first, second = (step.images.tolist() for step in recipe(40, 80).steps() if step.first in (0, 40))
    assert first != second


def test_streams_stay_as_they_are() -> None:
    # A change here changes every weights_sha256 that anyone has published.
    step = recipe(5, seed=1).steps()[0]
    assert (step.images.tolist(), step.seed) == ([3], 2749604155)
    assert np.concatenate([each.images for each in recipe(5, seed=1).steps()]).tolist() == [3, 2, 0, 1, 4]


@pytest.mark.parametrize(
    ("changes", "reason"),
    [
        ({"rule": "hebb"}, "unknown rule 'hebb': use one of ff"),
        ({"images": 0}, "images must be at least 1, not 0"),
        ({"samples": 0}, "samples must be at least 1, not 0"),
        ({"seed": -1}, "seed must be at least 0, not -1"),
        ({"jitter": -1}, "jitter must be at least 0, not -1"),
        ({"jitter_until": -0.1}, "jitter_until must be 0 to 1, not -0.1"),
        ({"parameters": PFFParameters()}, "rule ff takes FFParameters, not PFFParameters"),
        ({"final": 1.5}, "final factor of the learning rates must be 0 to 1, not 1.5"),
        ({"final": float("nan")}, "must be 0 to 1, not nan"),
        ({"schedule": "stairs"}, "unknown schedule 'stairs': use one of linear, cosine, exponential, constant"),
        ({"schedule": "exponential", "final": 0}, "an exponential schedule never comes to a final factor of 0"),
    ],
)
def test_refusals(changes: dict[str, object], reason: str) -> None:
    values: dict[str, object] = {"rule": "ff", "images": 5, "samples": 5, "parameters": FF.parameters}
    with pytest.raises(ConfigError, match=reason):
        Recipe(**(values | changes))  # type: ignore[arg-type]
