"""Images and codes that the generative circuit of a trained network makes on a board."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from onward.hw.spec.config import ConfigError
from onward.hw.spec.formats import WHITE
from onward.sw.golden.sample import Batch
from onward.sw.programs.assembler import Program
from onward.sw.programs.pff_generator import IMAGE_WORD
from onward.sw.programs.pff_parameters import PFFParameters

from .batches import window
from .board import Board, Progress
from .recipe import Recipe
from .samples import check_images

__all__ = ["check_generative", "code_pixels", "decode", "reconstruct", "squared_error", "tied_codes"]


def check_generative(recipe: Recipe, purpose: str) -> None:
    """Raise ConfigError unless this training has taught a generative circuit, which ``purpose`` needs."""
    if not isinstance(recipe.parameters, PFFParameters):
        raise ConfigError(f"rule {recipe.rule!r} has no generative circuit: {purpose} needs a run of rule pff")
    if recipe.parameters.generator == "off":
        raise ConfigError(f"trained with generator = off: {purpose} needs a generative circuit that has learnt")


def reconstruct(
    board: Board,
    program: Program,
    images: NDArray[np.uint8],
    progress: Progress | None = None,
    entry: str = "reconstruct",
) -> NDArray[np.float64]:
    """What the network remembers of images (N, inputs): its own, with pixels 0 to 1, by the weights on the board.

    The entry ``reconstruct`` starts at the last layer's activities, ``reconstruct_first`` at those of the first layer.

    Raises
    ------
    ConfigError
        If the images do not fit the core.
    """
    return _make(board, program, entry, _unlabelled(board, images), progress)


def tied_codes(
    board: Board, program: Program, images: NDArray[np.uint8], progress: Progress | None = None
) -> NDArray[np.int32]:
    """The codes (N, codes) above the last layer for images (N, inputs), as vector-format numbers.

    Raises
    ------
    ConfigError
        If the images do not fit the core.
    """
    batch = _unlabelled(board, images)
    board.load_program(program)
    return np.array(board.run("code", batch, progress), dtype=np.uint32).view(np.int32)


def decode(
    board: Board, program: Program, codes: NDArray[np.floating], progress: Progress | None = None
) -> NDArray[np.float64]:
    """The images (N, inputs), pixels 0 to 1, of codes (N, codes), of which only the direction of relu(code) counts.

    Raises
    ------
    ConfigError
        If the codes are of another network.
    """
    expected, inputs = _codes(program), board.config.inputs
    if codes.shape[1] != expected:
        raise ConfigError(f"a code of this network has {expected} units, not {codes.shape[1]}")
    samples = np.zeros((len(codes), inputs), dtype=np.uint8)
    samples[:, :expected] = code_pixels(codes)
    return _make(board, program, "decode", _unlabelled(board, samples), progress)


def code_pixels(codes: NDArray[np.floating]) -> NDArray[np.uint8]:
    """Codes as the pixels of samples: relu(code), each scaled so that its largest is 255."""
    positive = np.maximum(codes, 0)
    largest = positive.max(1, keepdims=True)
    scaled = np.divide(255 * positive, largest, out=np.zeros_like(positive, dtype=np.float64), where=largest > 0)
    return np.rint(scaled).astype(np.uint8)


def squared_error(images: NDArray[np.uint8], made: NDArray[np.floating]) -> float:
    """Squared error of ``made``, pixels 0 to 1, against images 0 to 255: summed over pixels, mean over images."""
    return float(np.square(images / 255 - made).sum(1).mean())


def _unlabelled(board: Board, images: NDArray[np.uint8]) -> Batch:
    """The samples of images; the generative circuit's entries do not look at their label."""
    labels = np.zeros(len(images), dtype=np.uint8)
    check_images(board.config, images, labels, len(images))
    return Batch.from_images(images, labels)


def _codes(program: Program) -> int:
    return program.map.matrices["Gy"].inputs


def _make(board: Board, program: Program, entry: str, batch: Batch, progress: Progress | None) -> NDArray[np.float64]:
    config = board.config
    words = range(IMAGE_WORD, IMAGE_WORD + config.tiles(config.inputs))
    made = np.empty((len(batch), len(words) * config.lanes))
    board.load_program(program)
    for i in range(len(batch)):
        # One at a time: the next sample's image takes the same place.
        board.run(entry, window(batch, i, i + 1))
        made[i] = np.concatenate([board.read_vector(word) for word in words])
        if progress is not None:
            progress(i + 1)
    return made[:, : config.inputs].clip(0, WHITE) / WHITE
