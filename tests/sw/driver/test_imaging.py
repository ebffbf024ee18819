"""Reconstructions, codes and decoded images."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest
from numpy.typing import NDArray

from onward.hw.spec.config import ConfigError
from onward.hw.spec.formats import WHITE
from onward.sw.driver.board import Progress
from onward.sw.driver.golden_board import GoldenBoard
from onward.sw.driver.imaging import (
    check_generative,
    code_pixels,
    decode,
    reconstruct,
    squared_error,
    tied_codes,
)
from onward.sw.driver.link_board import LinkBoard
from onward.sw.driver.recipe import Recipe
from onward.sw.driver.rules import RULES
from onward.sw.driver.trainer import train
from onward.sw.golden.sample import Batch
from onward.sw.programs.assembler import Program
from onward.sw.programs.pff_parameters import PFFParameters

from .driver_data import TINY, patterns, recipe
from .model_core import ModelCore, ModelTransport

PFF = RULES["pff"]
CONFIG = replace(TINY, rows=400, elements=64, program=1024)
CODES = 6
RECIPE = Recipe("pff", 150, 150, replace(PFF.parameters, codes=CODES))  # type: ignore[type-var]


class FakeBoard(GoldenBoard):
    """Every image it makes has the label of the sample before plus its pixels, in other units, as vector words."""

    made: NDArray[np.int32]

    def _run(self, entry: int, batch: Batch, progress: Progress) -> list[list[int]]:
        assert len(batch) == 1
        words = self.config.tiles(self.config.inputs)
        image = np.full(words * self.config.lanes, -77, dtype=np.int32)
        image[: self.config.inputs] = 0
        image[batch.index] = 8 * batch.value + 4
        image[0] = -5
        self.made = image.reshape(words, -1)
        return [[]]

    def read_vector(self, word: int) -> NDArray[np.int32]:
        return self.made[word]


@pytest.fixture(scope="module")
def program() -> Program:
    return PFF.build_inference(CONFIG, RECIPE.parameters)


@pytest.fixture(scope="module")
def weights() -> NDArray[np.int32]:
    """Rows of a trained network."""
    return train(GoldenBoard(CONFIG), RECIPE, *patterns(150)).weights


@pytest.fixture
def board(weights: NDArray[np.int32]) -> GoldenBoard:
    """A golden board that has learnt."""
    board = GoldenBoard(CONFIG)
    board.write_weights(weights)
    return board


def test_pixels_from_vector_words(program: Program) -> None:
    images = np.zeros((2, 20), np.uint8)
    images[0, 3], images[0, 19], images[1, 0], images[1, 7] = 100, 255, 9, 1
    expected = np.zeros((2, 20))
    expected[0, 3], expected[0, 19], expected[1, 7] = 804 / WHITE, 1, 12 / WHITE  # 255 is clipped, pixel 0 too
    seen: list[int] = []
    made = reconstruct(FakeBoard(CONFIG), program, images, seen.append)
    assert made == pytest.approx(expected)
    assert seen == [1, 2]


def test_squared_error_by_hand() -> None:
    images = np.array([[0, 255, 51], [255, 0, 0]], np.uint8)
    made = np.array([[0.5, 1, 0.2], [1, 0.1, 0.3]])
    assert squared_error(images, made) == pytest.approx((0.25 + 0.01 + 0.09) / 2)
    assert squared_error(images, np.array([[0, 0, 0.2]])) == pytest.approx((1 + 1 + 0.04) / 2)


def test_squared_error_of_a_fake_board(program: Program) -> None:
    images = np.zeros((1, 20), np.uint8)
    images[0, 4] = 200
    made = reconstruct(FakeBoard(CONFIG), program, images)
    assert squared_error(images, made) == pytest.approx((1604 / 2040 - 200 / 255) ** 2)


def test_reconstructions_are_like_the_images(board: GoldenBoard, program: Program) -> None:
    images, _ = patterns(60, seed=5)
    mean = squared_error(images, patterns(150)[0].mean(0, keepdims=True) / 255)
    before = board.read_weights(program.map.used)
    from_last = reconstruct(board, program, images)
    from_first = reconstruct(board, program, images, entry="reconstruct_first")
    assert from_last.shape == from_first.shape == (60, 20)
    assert 0 <= from_last.min() <= from_last.max() <= 1
    assert squared_error(images, from_first) < mean
    assert (from_first != from_last).any()
    assert (board.read_weights() == before).all()


def test_the_same_on_every_board(board: GoldenBoard, program: Program, weights: NDArray[np.int32]) -> None:
    linked = LinkBoard(CONFIG, ModelTransport(ModelCore(CONFIG), 500))
    linked.write_weights(weights)
    images, _ = patterns(12, seed=5)
    for entry in ("reconstruct", "reconstruct_first"):
        a, b = (reconstruct(each, program, images, entry=entry) for each in (board, linked))
        assert (a == b).all()
    a, b = (tied_codes(each, program, images) for each in (board, linked))
    assert (a == b).all()
    c, d = (decode(each, program, a.astype(float)) for each in (board, linked))
    assert (c == d).all()


def test_codes(board: GoldenBoard, program: Program) -> None:
    images, labels = patterns(30, seed=5)
    codes = tied_codes(board, program, images)
    assert codes.shape == (30, CODES)
    assert codes.min() < 0 < codes.max()
    words = board.run("code", Batch.from_images(images, labels))
    assert (codes.astype(np.int64) & 0xFFFFFFFF).tolist() == words


def test_decodes_directions(board: GoldenBoard, program: Program) -> None:
    codes = np.array([[3, 1, -2, 0, 1, 0], [0, 0, -1, 2, 0, 0.0]])
    made = decode(board, program, codes)
    assert made.shape == (2, 20)
    assert made.max() > 0
    assert (decode(board, program, 10 * codes) == made).all()
    samples = np.zeros((2, 20), np.uint8)
    samples[0, :5], samples[1, 3] = (255, 85, 0, 0, 85), 255
    assert (reconstruct(board, program, samples, entry="decode") == made).all()
    # A code without a positive part is a sample without pixels.
    decode(board, program, -np.ones((1, CODES)))


def test_code_pixels() -> None:
    codes = np.array([[2.0, 1.0, -4.0], [0.5, 0.001, 0.0], [-1.0, 0.0, -2.0]])
    assert code_pixels(codes).tolist() == [[255, 128, 0], [255, 1, 0], [0, 0, 0]]
    assert code_pixels(np.array([[510, 2]])).tolist() == [[255, 1]]


def test_refusals(board: GoldenBoard, program: Program) -> None:
    with pytest.raises(ConfigError, match="have 25 pixels"):
        reconstruct(board, program, np.zeros((1, 25), np.uint8))
    with pytest.raises(ConfigError, match="a code of this network has 6 units, not 5"):
        decode(board, program, np.ones((1, 5)))


def test_runs_without_a_generative_circuit() -> None:
    check_generative(RECIPE, "drawing")
    with pytest.raises(ConfigError, match="rule 'ff' has no generative circuit: drawing needs a run of rule pff"):
        check_generative(recipe(10), "drawing")
    off = PFFParameters(generator="off")
    with pytest.raises(ConfigError, match="trained with generator = off: drawing needs"):
        check_generative(replace(RECIPE, parameters=off), "drawing")
