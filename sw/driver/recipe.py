"""What a training does, step by step, apart from where: all of it follows from a few numbers."""

from __future__ import annotations

from dataclasses import dataclass
from functools import cached_property
from itertools import pairwise

import numpy as np
from numpy.typing import NDArray

from onward.hw.spec.config import ConfigError

from .rules import Parameters, Rule, find_rule
from .schedules import SCHEDULES, factors
from .typed import check_types

__all__ = ["Recipe", "Step"]

_LEAST_STEPS = 10
"""Steps of an epoch at least, so that the learning rates fall smoothly."""

_LARGEST_STEP = 1000
"""Samples of a step at most, so that a comparison that has found a difference need not repeat much."""

_SHUFFLE, _CORE = 1, 2
"""Keys that keep the random streams made from one seed apart."""


@dataclass(frozen=True)
class Step:
    """A stretch of the training with one program.

    Members
    -------
    first : samples before this step.
    epoch : counted from 0.
    images : which images are trained on, in this order.
    factor : what the learning rates are multiplied by.
    seed : of the core's random generators at its begin.
    """

    first: int
    epoch: int
    images: NDArray[np.int64]
    factor: float
    seed: int


@dataclass(frozen=True)
class Recipe:
    """A training.

    Every epoch visits the first ``images`` images in an order of its own. The learning rates fall from 1 to ``final``
    times their value by the ``schedule``, in steps; each step restarts the core's generators from ``(seed, epoch,
    number of the step)``, so that what follows a step depends on nothing but the weights at its end.

    Parameters
    ----------
    rule : name of the learning rule.
    images : training images in use.
    samples : samples to train on in all; the last epoch may be a part of one.
    parameters : of the rule; ``find_rule(rule).parameters`` are known to train well.
    seed : not negative; start weights, order of the images and the core's generators all follow from it.
    final : factor of the learning rates in the last step; a constant schedule makes it 1.
    jitter : pixels by which training images are shifted at random, differently in each epoch.
    jitter_until : share of the epochs after which they stay as they are, so that the end is trained on true images.
    schedule : ``linear``, ``cosine``, ``exponential`` or ``constant``.

    Raises
    ------
    ConfigError
        For numbers that make no training.
    """

    rule: str
    images: int
    samples: int
    parameters: Parameters
    seed: int = 0
    final: float = 0.05
    jitter: int = 0
    jitter_until: float = 0.85
    schedule: str = "linear"

    def __post_init__(self) -> None:
        check_types(self)
        wanted = type(find_rule(self.rule).parameters)
        if type(self.parameters) is not wanted:
            raise ConfigError(f"rule {self.rule} takes {wanted.__name__}, not {type(self.parameters).__name__}")
        for name, least in (("images", 1), ("samples", 1), ("seed", 0), ("jitter", 0)):
            if getattr(self, name) < least:
                raise ConfigError(f"{name} must be at least {least}, not {getattr(self, name)}")
        if not 0 <= self.final <= 1:
            raise ConfigError(f"the final factor of the learning rates must be 0 to 1, not {self.final}")
        if self.schedule not in SCHEDULES:
            raise ConfigError(f"unknown schedule {self.schedule!r}: use one of {', '.join(SCHEDULES)}")
        if self.schedule == "exponential" and self.final == 0:
            raise ConfigError("an exponential schedule never comes to a final factor of 0")
        if self.schedule == "constant":
            object.__setattr__(self, "final", 1.0)
        if not 0 <= self.jitter_until <= 1:
            raise ConfigError(f"jitter_until must be 0 to 1, not {self.jitter_until}")

    @property
    def method(self) -> Rule:
        """The learning rule itself."""
        return find_rule(self.rule)

    def jittered(self, epoch: int) -> bool:
        """Whether the images of an epoch are shifted."""
        return self.jitter > 0 and epoch < self.jitter_until * self.samples / self.images

    @property
    def epochs(self) -> int:
        """How many there are; the last may be a part of one."""
        return -(-self.samples // self.images)

    def steps(self) -> list[Step]:
        """All steps, in order."""
        return list(self._steps)

    @cached_property
    def _steps(self) -> tuple[Step, ...]:
        # Made once: the orders of many epochs take seconds, and a training in stretches asks for the steps again.
        number = min(self.images, max(_LEAST_STEPS, -(-self.images // _LARGEST_STEP)))
        edges = [self.images * i // number for i in range(number + 1)]
        parts = []
        for epoch in range(self.epochs):
            order = self._order(epoch)[: self.samples - epoch * self.images]
            for i, (begin, end) in enumerate(pairwise(edges)):
                if begin < len(order):
                    parts.append((epoch, i, epoch * self.images + begin, order[begin:end]))
        scale = factors(self.schedule, self.final, len(parts))
        return tuple(
            Step(first, epoch, images, factor, self._stream(_CORE, epoch, i))
            for (epoch, i, first, images), factor in zip(parts, scale, strict=True)
        )

    def _order(self, epoch: int) -> NDArray[np.int64]:
        """A random order of the images, from raw bits: numpy keeps those the same for ever, its permutations not."""
        source = np.random.SeedSequence((self.seed, epoch), spawn_key=(_SHUFFLE,))
        return np.argsort(np.random.PCG64(source).random_raw(self.images), kind="stable")

    def _stream(self, key: int, epoch: int, number: int) -> int:
        """32 bits for one step."""
        return int(np.random.SeedSequence((self.seed, epoch, number), spawn_key=(key,)).generate_state(1)[0])
