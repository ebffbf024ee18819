"""Trained weights on disk: a safetensors file that says what they belong to."""

from __future__ import annotations

import json
from dataclasses import asdict, dataclass
from pathlib import Path

import numpy as np
from numpy.typing import NDArray
from safetensors import SafetensorError, safe_open
from safetensors.numpy import save

from onward.hw.spec.config import CoreConfig
from onward.hw.spec.memory_map import MemoryMap
from onward.hw.spec.wording import one_line
from onward.sw.programs.assembler import Program

from .files import write_file
from .metrics import rows_sha256
from .plan import recipe_from_values
from .recipe import Recipe
from .training_state import TrainingState

__all__ = ["Checkpoint", "CheckpointError"]

_VERSION = "1"
_GUESSES = "training.guesses"
"""Name of the one tensor that is no matrix."""
_KEYS = ("version", "config_digest", "preset", "recipe", "dataset", "weights_sha256")


class CheckpointError(ValueError):
    """A checkpoint cannot be used; the message is one line: which file, and what is wrong."""


@dataclass(frozen=True)
class Checkpoint:
    """A network: its matrices, and the core and training that they come from.

    Members
    -------
    config : the core.
    recipe : the training: rule, parameters, seed, samples done.
    dataset : name of the data set it was trained on.
    matrices : weight codes (inputs, units) by name.
    state : how far the training has come, if it is to be continued; None when it is over.
    """

    config: CoreConfig
    recipe: Recipe
    dataset: str
    matrices: dict[str, NDArray[np.int32]]
    state: TrainingState | None = None

    @classmethod
    def from_rows(
        cls,
        config: CoreConfig,
        recipe: Recipe,
        dataset: str,
        map: MemoryMap,
        rows: NDArray[np.int32],
        state: TrainingState | None = None,
    ) -> Checkpoint:
        """The checkpoint of weight rows as read from a board.

        Raises
        ------
        ValueError
            If a row holds something outside of every matrix, which would be lost.
        """
        matrices = {name: matrix.unpack(rows) for name, matrix in map.matrices.items()}
        if not np.array_equal(_pack(map, matrices), rows):
            raise ValueError("the rows hold weights that belong to no matrix")
        return cls(config, recipe, dataset, matrices, state)

    @property
    def finished(self) -> bool:
        """Whether the training is over."""
        return self.trained_samples == self.recipe.samples

    @property
    def trained_samples(self) -> int:
        """Samples that the network has learnt from."""
        return self.recipe.samples if self.state is None else len(self.state.guesses)

    def program(self) -> Program:
        """The rule's program for this core that uses the weights."""
        return self.recipe.method.build_inference(self.config, self.recipe.parameters)

    def rows(self) -> NDArray[np.int32]:
        """The weight rows (rows, lanes), in the places that :meth:`program` expects."""
        return _pack(self.program().map, self.matrices)

    def save(self, path: Path) -> None:
        """Write the file; it appears under its name only when it is complete."""
        metadata = {
            "version": _VERSION,
            "config_digest": self.config.digest,
            "preset": json.dumps(asdict(self.config)),
            "recipe": json.dumps(asdict(self.recipe)),
            "dataset": self.dataset,
            "weights_sha256": rows_sha256(self.rows()),
        }
        narrow = {name: np.ascontiguousarray(values, dtype=np.int16) for name, values in self.matrices.items()}
        if self.state is not None:
            metadata["state"] = self.state.to_json()
            narrow[_GUESSES] = self.state.guesses.astype(np.int16)
        write_file(path, save(narrow, metadata))

    @classmethod
    def load(cls, path: Path, config: CoreConfig | None = None) -> Checkpoint:
        """Read a file and check all of it; with ``config``, also that it is for that core.

        Raises
        ------
        CheckpointError
            If the file is missing, damaged, no checkpoint, or for another core.
        """
        try:
            with safe_open(path, framework="numpy") as file:
                metadata = file.metadata() or {}
                tensors = {name: file.get_tensor(name) for name in file.keys()}  # noqa: SIM118 (no mapping)
        except FileNotFoundError:
            raise CheckpointError(f"{path}: there is no such checkpoint") from None
        except (OSError, SafetensorError, TypeError) as error:
            # TypeError for types of numbers that numpy does not have.
            raise CheckpointError(one_line(f"{path}: cannot be read as a checkpoint: {error}")) from None
        missing = [key for key in _KEYS if key not in metadata]
        if missing:
            raise CheckpointError(f"{path}: is no checkpoint of this project, it lacks {', '.join(missing)}")
        if metadata["version"] != _VERSION:
            raise CheckpointError(one_line(f"{path}: has version {metadata['version']}, this program reads {_VERSION}"))
        wrong = {name: values.dtype for name, values in tensors.items() if values.dtype != np.int16}
        if wrong:
            name, kind = next(iter(wrong.items()))
            raise CheckpointError(one_line(f"{path}: {name} is {kind}, a checkpoint holds int16"))
        guesses = tensors.pop(_GUESSES, np.zeros(0, np.int16))
        try:
            found = cls(
                CoreConfig(**json.loads(metadata["preset"])),
                recipe_from_values(json.loads(metadata["recipe"])),
                metadata["dataset"],
                {name: values.astype(np.int32) for name, values in tensors.items()},
                TrainingState.from_json(metadata["state"], guesses) if "state" in metadata else None,
            )
            found._check(metadata, config)
        except (ValueError, TypeError, KeyError, AttributeError, RecursionError, OverflowError) as error:
            # Among them ConfigError, CheckpointError and what json makes of damaged text.
            raise CheckpointError(one_line(f"{path}: {error}")) from None
        return found

    def _check(self, metadata: dict[str, str], config: CoreConfig | None) -> None:
        """Raise CheckpointError unless configuration, matrices and hash belong together."""
        if self.config.digest != metadata["config_digest"]:
            raise CheckpointError("its configuration has been changed: the digest does not match")
        if config is not None and config.digest != self.config.digest:
            raise CheckpointError(f"is for another core: {_shape(self.config)}, not {_shape(config)}")
        if self.trained_samples > self.recipe.samples:
            raise CheckpointError(
                f"it has learnt from {self.trained_samples:,} samples, its training has only {self.recipe.samples:,}"
            )
        expected = {name: (matrix.inputs, matrix.units) for name, matrix in self.program().map.matrices.items()}
        shapes = {name: values.shape for name, values in self.matrices.items()}
        for name in expected | shapes:
            if shapes.get(name) != expected.get(name):
                raise CheckpointError(
                    f"matrix {name} should be {_size(expected.get(name))}, but is {_size(shapes.get(name))}"
                )
        if rows_sha256(self.rows()) != metadata["weights_sha256"]:
            raise CheckpointError("the weights have been changed: the hash does not match")


def _pack(map: MemoryMap, matrices: dict[str, NDArray[np.int32]]) -> NDArray[np.int32]:
    rows = np.zeros((map.used, map.config.lanes), dtype=np.int32)
    for name, matrix in map.matrices.items():
        rows[matrix.base : matrix.base + matrix.rows] = matrix.pack(matrices[name])
    return rows


def _shape(config: CoreConfig) -> str:
    layers = "-".join(map(str, (config.inputs, *config.hidden)))
    return f"{config.name} ({layers}, {config.classes} classes, {config.lanes} lanes, {config.weight_bits} bits)"


def _size(shape: tuple[int, ...] | None) -> str:
    return " x ".join(map(str, shape)) if shape else "absent"
