"""What ``reconstruct`` and ``generate`` share: a run whose generative circuit is used, and the figures of its use."""

from __future__ import annotations

import math
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from onward.hw.spec.config import ConfigError, CoreConfig
from onward.sw.data.datasets import Dataset, load
from onward.sw.driver.board import Board
from onward.sw.driver.checkpoint import Checkpoint
from onward.sw.driver.fitting import fit_dataset
from onward.sw.driver.imaging import check_generative
from onward.sw.driver.metrics import rows_sha256
from onward.sw.programs.assembler import Program

from .network import load_network

__all__ = ["GenerativeRun", "figures_of_use", "images_to_use", "load_generative_run"]


@dataclass(frozen=True)
class GenerativeRun:
    """A run with a generative circuit.

    Members
    -------
    path : its folder.
    checkpoint, program, rows : the network, the program that uses it, and its weight rows.
    data : the data set, cut to the core.
    pixels : of one image, a square number; the core may have more inputs.
    """

    path: Path
    checkpoint: Checkpoint
    program: Program
    rows: NDArray[np.int32]
    data: Dataset
    pixels: int

    @property
    def config(self) -> CoreConfig:
        return self.checkpoint.config

    @property
    def title(self) -> str:
        return f"{self.checkpoint.recipe.rule} on {self.data.name}, {self.config.name}"


def load_generative_run(path: Path, purpose: str, dataset: str | None, folder: Path | None) -> GenerativeRun:
    """The run in the folder ``path``, with the data set it was trained on or another one.

    Raises
    ------
    CheckpointError
        If there is no checkpoint, or one that cannot be used.
    ConfigError
        If its rule has no generative circuit, which ``purpose`` needs, or its inputs are no image.
    DatasetError
        If the data set cannot be read.
    """
    checkpoint = load_network(path)
    config = checkpoint.config
    check_generative(checkpoint.recipe, purpose)
    data = load(dataset or checkpoint.dataset, folder)
    pixels = min(data.train_images.shape[1], config.inputs)
    if math.isqrt(pixels) ** 2 != pixels:
        raise ConfigError(f"{config.name}: {pixels} inputs are no square image that could be drawn")
    return GenerativeRun(path, checkpoint, checkpoint.program(), checkpoint.rows(), fit_dataset(data, config), pixels)


def images_to_use(board: str, available: int, linked: int) -> int:
    """How many images to use if the user does not say: of all, no more than ``linked`` on a board behind a link."""
    return available if board == "golden" else min(available, linked)


def figures_of_use(run: GenerativeRun, board: Board, samples: int, seconds: float) -> dict[str, Any]:
    """What was used, and how fast; ``samples`` since the board's counters were cleared took ``seconds``."""
    cycles = board.counters()["cycles"]
    return {
        "run": str(run.path),
        "preset": run.config.name,
        "rule": run.checkpoint.recipe.rule,
        "board": board.name,
        "dataset": run.data.name,
        "cycles_per_sample": cycles / samples if cycles else None,
        "samples_per_s": run.config.clock_mhz * 1e6 * samples / cycles if cycles else None,
        "host_samples_per_s": samples / seconds,
        "weights_sha256": rows_sha256(run.rows),
    }
