"""The samples of a training."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest

from onward.hw.spec.config import ConfigError
from onward.sw.data.augment import jitter
from onward.sw.driver.batches import dense
from onward.sw.driver.samples import check_images, check_recipe, training_batches

from .driver_data import TINY, patterns, recipe

SQUARE = replace(TINY, inputs=25)


def test_batches_are_the_images_of_the_steps() -> None:
    images, labels = patterns(40)
    plan = recipe(30, 45)
    for (step, batch), expected in zip(training_batches(plan, images, labels), plan.steps(), strict=True):
        assert np.array_equal(step.images, expected.images)
        assert batch.labels.tolist() == labels[step.images].tolist()
        for i, image in enumerate(step.images):
            assert (dense(batch, i, 20) == images[image]).all()


def test_jitter_is_new_in_every_epoch() -> None:
    images, labels = patterns(40, SQUARE)
    plan = recipe(30, 60, jitter=1)
    for step, batch in training_batches(plan, images, labels):
        shifted = jitter(images[:30], plan.seed, step.epoch, 1)
        for i, image in enumerate(step.images):
            assert (dense(batch, i, 25) == shifted[image]).all()


def test_last_epochs_are_not_jittered() -> None:
    images, labels = patterns(40, SQUARE)
    plan = replace(recipe(20, 80, jitter=1), jitter_until=0.5)
    for step, batch in training_batches(plan, images, labels):
        shifted = jitter(images[:20], plan.seed, step.epoch, 1) if step.epoch < 2 else images
        for i, image in enumerate(step.images):
            assert (dense(batch, i, 25) == shifted[image]).all()


def test_later_steps_are_the_same_alone() -> None:
    images, labels = patterns(30, SQUARE)
    plan = recipe(30, 60, jitter=1)
    whole = list(training_batches(plan, images, labels))
    rest = list(training_batches(plan, images, labels, 13))
    assert len(rest) == len(whole) - 13
    for (_, a), (_, b) in zip(whole[13:], rest, strict=True):
        assert np.array_equal(a.index, b.index)
        assert np.array_equal(a.value, b.value)


def test_refusals() -> None:
    images, labels = patterns(10)
    with pytest.raises(ConfigError, match="there are 10 images, not 11"):
        check_recipe(TINY, recipe(11), images, labels)
    with pytest.raises(ConfigError, match="there are 10 images, not 0"):
        check_images(TINY, images, labels, 0)
    with pytest.raises(ConfigError, match="images have 20 pixels, configuration 'tiny' has 25 inputs"):
        check_images(SQUARE, images, labels, 10)
    with pytest.raises(ConfigError, match="label 3 is none of the 3 classes of 'tiny'"):
        check_images(TINY, images, labels + 1, 10)
    with pytest.raises(ConfigError, match="images of 20 pixels are not square and cannot be shifted"):
        check_recipe(TINY, recipe(10, jitter=1), images, labels)
    check_recipe(SQUARE, recipe(10, jitter=1), *patterns(10, SQUARE))
