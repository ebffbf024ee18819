"""The classifier that judges generated images."""

from __future__ import annotations

import numpy as np

from onward.sw.data.datasets import load
from onward.sw.driver.recognition import Recogniser

from .driver_data import patterns


def test_learns_what_can_be_learnt() -> None:
    recogniser = Recogniser(*patterns(200))
    images, labels = patterns(100, seed=9)
    assert recogniser.error(images, labels) == 0
    assert recogniser.labels(images).tolist() == labels.tolist()


def test_error_is_a_share_in_percent() -> None:
    recogniser = Recogniser(*patterns(200))
    images, labels = patterns(100, seed=9)
    wrong = labels.copy()
    wrong[:25] = (wrong[:25] + 1) % 3
    assert recogniser.error(images, wrong) == 25


def test_judges_shape_not_ink() -> None:
    recogniser = Recogniser(*patterns(200))
    images, labels = patterns(100, seed=9)
    assert recogniser.error(images / 2550, labels) == 0
    recogniser.labels(np.zeros((1, images.shape[1])))


def test_digits() -> None:
    data = load("mnist-small")
    recogniser = Recogniser(data.train_images[:4000], data.train_labels[:4000])
    assert recogniser.error(data.test_images[:1000], data.test_labels[:1000]) < 8
