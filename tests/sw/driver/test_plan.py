"""What a run is to do."""

from __future__ import annotations

import json
from dataclasses import replace
from typing import Any

import pytest

from onward.hw.spec.config import ConfigError
from onward.sw.data.datasets import Dataset
from onward.sw.driver.plan import Plan, dataset_sha256
from onward.sw.driver.recipe import Recipe
from onward.sw.driver.rules import RULES

from .driver_data import TINY, patterns, recipe


def plan(**changes: Any) -> Plan:
    values: dict[str, Any] = {"config": TINY, "recipe": recipe(20, 100), "dataset": "x", "dataset_sha256": "00"}
    return Plan(**(values | changes))


def dataset(count: int = 30) -> Dataset:
    return Dataset("x", *patterns(count), *patterns(10, seed=1))


def test_stops_after_epochs_that_are_due() -> None:
    # Ten steps an epoch, five epochs.
    assert plan().stops() == [(10, 1), (20, 2), (30, 3), (40, 4), (50, 5)]
    assert plan(checkpoint_every=2).stops() == [(20, 2), (40, 4), (50, 5)]
    assert plan(checkpoint_every=9).stops() == [(50, 5)]
    assert plan(checkpoint_every=4, validation=5, validate_every=3).stops() == [(30, 3), (40, 4), (50, 5)]
    # A part of an epoch at the end.
    assert plan(recipe=recipe(20, 47)).stops() == [(10, 1), (20, 2), (24, 3)]


def test_what_is_due() -> None:
    made = plan(checkpoint_every=4, validation=5, validate_every=3)
    assert [epoch for epoch in range(1, 6) if made.saves(epoch)] == [4, 5]
    assert [epoch for epoch in range(1, 6) if made.validates(epoch)] == [3, 5]
    assert not any(plan().validates(epoch) for epoch in range(1, 6))


def test_validates_on_the_last_training_images() -> None:
    data = dataset(30)
    images, labels = plan(validation=10).validation_part(data)
    assert (images == data.train_images[20:]).all()
    assert labels.tolist() == data.train_labels[20:].tolist()
    assert len(plan().validation_part(data)[1]) == 0
    with pytest.raises(ConfigError, match="of 30 training images, 20 are trained on: that leaves no 11 to validate"):
        plan(validation=11).validation_part(data)


@pytest.mark.parametrize("rule", sorted(RULES))
def test_comes_back(rule: str) -> None:
    made = Recipe(rule, 20, 100, RULES[rule].parameters, schedule="cosine", jitter=1)
    before = plan(recipe=made, folder="a", validation=3, test=4, tensorboard=True, checkpoint_every=7)
    assert Plan.from_values(json.loads(json.dumps(before.to_values()))) == before


@pytest.mark.parametrize(
    ("changes", "reason"),
    [
        ({"version": 2}, "has version 2, this program reads 1"),
        ({"config_digest": "00"}, "configuration has been changed"),
        ({"colour": 1}, "colour"),
        ({"recipe": {}}, "unknown rule 'None'|parameters"),
        ({"recipe": 5}, "not iterable"),
        ({"checkpoint_every": 0}, "checkpoint_every must be at least 1, not 0"),
        ({"validation": -1}, "validation must be at least 0, not -1"),
    ],
)
def test_refusals(changes: dict[str, Any], reason: str) -> None:
    with pytest.raises(ConfigError, match=reason):
        Plan.from_values(json.loads(json.dumps(plan().to_values() | changes)))


def test_a_plan_that_lacks_something() -> None:
    values = plan().to_values()
    for name in ("version", "config", "recipe", "dataset"):
        with pytest.raises(ConfigError, match=name):
            Plan.from_values({key: value for key, value in values.items() if key != name})


def test_hash_of_the_data() -> None:
    data = dataset()
    known = dataset_sha256(data)
    assert dataset_sha256(dataset()) == known
    labels = data.test_labels.copy()
    labels[0] ^= 1
    shorter = replace(data, train_images=data.train_images[:-1], train_labels=data.train_labels[:-1])
    others = (replace(data, test_labels=labels), replace(data, train_images=data.train_images[::-1]), shorter)
    assert len({known, *map(dataset_sha256, others)}) == 4
