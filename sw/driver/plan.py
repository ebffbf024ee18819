"""What a run is to do: a training with all around it, complete enough to be taken up again by a later process."""

from __future__ import annotations

import hashlib
from dataclasses import asdict, dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from onward.hw.spec.config import ConfigError, CoreConfig
from onward.sw.data.datasets import Dataset

from .recipe import Recipe
from .rules import find_rule
from .typed import check_types

__all__ = ["Plan", "dataset_sha256", "recipe_from_values"]

_VERSION = 1


@dataclass(frozen=True)
class Plan:
    """A run: what ``training.json`` in its folder says.

    Parameters
    ----------
    config : the core.
    recipe : the training.
    dataset : name of the data set.
    dataset_sha256 : of its images and labels as the core gets them, see :func:`dataset_sha256`.
    folder : where to look for the data set's files first, or None.
    board : where it was started.
    validation : images at the end of the training images that are held out, to validate on.
    validate_every, checkpoint_every : epochs between validations, and between checkpoints; both also happen at the end.
    test : test images to classify in the end; with 0 the test set is not looked at.
    tensorboard : whether event files are written.

    Raises
    ------
    ConfigError
        For numbers that make no run.
    """

    config: CoreConfig
    recipe: Recipe
    dataset: str
    dataset_sha256: str
    folder: str | None = None
    board: str = "golden"
    validation: int = 0
    validate_every: int = 1
    checkpoint_every: int = 1
    test: int = 0
    tensorboard: bool = False

    def __post_init__(self) -> None:
        check_types(self)
        for name, least in (("validation", 0), ("validate_every", 1), ("checkpoint_every", 1), ("test", 0)):
            if getattr(self, name) < least:
                raise ConfigError(f"{name} must be at least {least}, not {getattr(self, name)}")

    def validates(self, epoch: int) -> bool:
        """Whether the network is validated after so many epochs."""
        return self.validation > 0 and self._due(epoch, self.validate_every)

    def saves(self, epoch: int) -> bool:
        """Whether a checkpoint is made after so many epochs."""
        return self._due(epoch, self.checkpoint_every)

    def _due(self, epoch: int, every: int) -> bool:
        return epoch % every == 0 or epoch == self.recipe.epochs

    def stops(self) -> list[tuple[int, int]]:
        """Where the training stops to validate or save: (steps done, epochs done), in order."""
        ends = {step.epoch + 1: i + 1 for i, step in enumerate(self.recipe.steps())}
        return [(steps, epoch) for epoch, steps in ends.items() if self.validates(epoch) or self.saves(epoch)]

    def validation_part(self, data: Dataset) -> tuple[NDArray[np.uint8], NDArray[np.uint8]]:
        """The images and labels to validate on.

        Raises
        ------
        ConfigError
            If the training uses some of them.
        """
        first = len(data.train_labels) - self.validation
        if self.validation and first < self.recipe.images:
            raise ConfigError(
                f"of {len(data.train_labels):,} training images, {self.recipe.images:,} are trained on:"
                f" that leaves no {self.validation:,} to validate on"
            )
        return data.train_images[first:], data.train_labels[first:]

    def to_values(self) -> dict[str, Any]:
        """All of it as JSON can keep it."""
        return {"version": _VERSION, "config_digest": self.config.digest} | asdict(self)

    @classmethod
    def from_values(cls, values: dict[str, Any]) -> Plan:
        """The plan that :meth:`to_values` gave.

        Raises
        ------
        ConfigError
            If there is anything that this program cannot carry out.
        """
        rest = dict(values)
        try:
            version, digest = rest.pop("version"), rest.pop("config_digest")
            if version != _VERSION:
                raise ConfigError(f"has version {version}, this program reads {_VERSION}")
            config = CoreConfig(**rest.pop("config"))
            if config.digest != digest:
                raise ConfigError("its configuration has been changed: the digest does not match")
            return cls(config, recipe_from_values(rest.pop("recipe")), **rest)
        except KeyError as error:
            raise ConfigError(f"lacks {error}") from None
        except (TypeError, AttributeError) as error:
            raise ConfigError(str(error)) from None


def recipe_from_values(values: dict[str, Any]) -> Recipe:
    """The recipe whose fields JSON has kept; raises ConfigError, KeyError or TypeError if they are none."""
    rest = dict(values)
    parameters = rest.pop("parameters")
    kind = type(find_rule(str(rest.get("rule"))).parameters)
    made = kind(**parameters)
    check_types(made)
    return Recipe(**rest, parameters=made)


def dataset_sha256(data: Dataset) -> str:
    """SHA-256 of all images and labels."""
    total = hashlib.sha256()
    for name in ("train_images", "train_labels", "test_images", "test_labels"):
        array = getattr(data, name)
        total.update(f"{name} {array.shape}\n".encode())
        total.update(np.ascontiguousarray(array).tobytes())
    return total.hexdigest()
