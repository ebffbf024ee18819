"""The generative circuit learns as float arithmetic says, and makes the codes and images that it does."""

from dataclasses import replace

import numpy as np
import pytest
import torch
from numpy.typing import NDArray
from torch import Tensor

from onward.hw.spec.config import ConfigError, CoreConfig
from onward.hw.spec.formats import ELEMENT
from onward.sw.programs.pff import build_pff, build_pff_inference
from onward.sw.programs.pff_generator import IMAGE_WORD
from onward.sw.programs.pff_parameters import PFFParameters
from tests.sw.programs.pff_bench import LIVELY, RAGGED, PFFBench, random_images

LSB = 1 / 2**ELEMENT.fraction
EVERY_STEP = replace(LIVELY, generator="steps")
DEEP = replace(RAGGED, hidden=(7, 6, 5))
ONE_LANE = replace(RAGGED, lanes=1, group=1, rows=800, vectors=200)
TRAININGS: dict[str, tuple[CoreConfig, PFFParameters]] = {
    "start, own": (RAGGED, replace(LIVELY, image_from="own")),
    "start, predicted": (RAGGED, replace(LIVELY, image_from="predicted")),
    "start, either": (RAGGED, replace(LIVELY, image_from="either")),
    "every step, own": (RAGGED, replace(EVERY_STEP, image_from="own")),
    "every step, predicted": (RAGGED, replace(EVERY_STEP, image_from="predicted")),
    "second step": (RAGGED, replace(EVERY_STEP, image_from="own", generator_every=2)),
    "last step of four": (RAGGED, replace(EVERY_STEP, image_from="predicted", steps=4, generator_every=4)),
    "threshold, every step": (RAGGED, replace(EVERY_STEP, loss="threshold", image_from="own")),
    "three layers": (DEEP, replace(LIVELY, image_from="predicted")),
    "three layers, every step": (DEEP, replace(EVERY_STEP, image_from="own", rate=0.03)),
    "codes of several words": (RAGGED, replace(LIVELY, codes=11)),
    "one lane": (ONE_LANE, replace(LIVELY, image_from="either")),
    "one word": (replace(RAGGED, lanes=24, group=4), LIVELY),
}


@pytest.mark.parametrize("case", TRAININGS)
def test_training(case: str) -> None:
    """All matrices of whole samples, those of the generative circuit among them."""
    config, parameters = TRAININGS[case]
    bench = PFFBench(config, parameters, seed=3)
    largest: dict[str, float] = {}
    for number, image in enumerate(random_images(config, 4, seed=3)):
        for name, change in bench.check_training(image, number % config.classes).items():
            largest[name] = max(change, largest.get(name, 0.0))
    names = {f"G{i}" for i in range(1, len(config.hidden) + 1)} | {"Gy"}
    assert {name for name in largest if name[0] == "G"} == names
    assert all(largest[name] > 30 for name in names), largest


def test_either_source_is_drawn_evenly() -> None:
    bench = PFFBench(RAGGED, replace(LIVELY, image_from="either").scaled(0))
    image = random_images(RAGGED, 1, 1)[0]
    drawn = []
    for _ in range(300):
        bench.run("train", image)
        drawn.append(bench.drawn("0 or 1"))
    assert set(drawn) == {0, 1} and abs(sum(drawn) - 150) < 4 * 75**0.5


def test_pixels_outside_of_the_range_are_clipped() -> None:
    """Darker than black where the image is black, whiter than white where it is white: nothing to learn there."""
    parameters = replace(LIVELY, image_from="own")
    bench = PFFBench(RAGGED, parameters, seed=3)
    image = np.where(np.arange(RAGGED.inputs) % 2, 255, 0).astype(np.uint8)
    matrix = bench.training.map.matrices["G1"]
    wanted = np.where(image[:, None], 3, -3) * np.ones((1, matrix.units))
    codes = (wanted * 2**RAGGED.weight.fraction).astype(np.int32)
    bench.golden.state.weights[matrix.base : matrix.base + matrix.rows] = torch.from_numpy(matrix.pack(codes))
    before = bench.weights()["G1"]
    floats = bench.floats()
    pixels = floats.image(floats.circuit.start(floats.pixels(image))[0], 1)
    assert (pixels[image == 0] < 0).all() and (pixels[image > 0] > 1).all()
    bench.run("train", image)
    assert torch.equal(bench.weights()["G1"], before)


def read_image(bench: PFFBench) -> Tensor:
    """Pixels from the vector words where an entry leaves them."""
    config = bench.config
    words = bench.golden.state.vectors[IMAGE_WORD : IMAGE_WORD + config.tiles(config.inputs)].flatten()
    assert not words[config.inputs :].any()
    return words[: config.inputs].double() * LSB


def assert_image(found: Tensor, expected: Tensor) -> None:
    """Each layer rounds activities by half a unit; LN divides that by a length of 0.3 to 2, and a row sums it up."""
    assert (found - expected).abs().max() < 0.006 + 0.005 * expected.abs().max()
    assert expected.std() > 0.05


SHAPES = [
    (RAGGED, LIVELY),
    (DEEP, replace(LIVELY, codes=7)),
    (replace(RAGGED, lanes=24, group=4), LIVELY),
    (ONE_LANE, LIVELY),
]


@pytest.mark.parametrize(("config", "parameters"), SHAPES)
def test_reconstruction(config: CoreConfig, parameters: PFFParameters) -> None:
    bench = PFFBench(config, parameters, seed=4)
    floats, before = bench.floats(), bench.golden.state.weights.clone()
    for image in random_images(config, 4, seed=2):
        start = floats.circuit.start(floats.pixels(image))
        assert bench.run("reconstruct", image) == []
        assert_image(read_image(bench), floats.image(start[-1], len(start)))
        assert bench.run("reconstruct_first", image) == []
        assert_image(read_image(bench), floats.image(start[0], 1))
    assert torch.equal(bench.golden.state.weights, before)


def read_code(words: list[int]) -> Tensor:
    return torch.tensor([word - (word >> 31 << 32) for word in words]).double() * LSB


@pytest.mark.parametrize(("config", "parameters"), SHAPES)
def test_codes(config: CoreConfig, parameters: PFFParameters) -> None:
    """``code`` is LN(z) Gy^T, with its sign; ``decode`` makes an image of one that comes as a sample."""
    bench = PFFBench(config, parameters, seed=4)
    floats = bench.floats()
    for image in random_images(config, 4, seed=2):
        start = floats.circuit.start(floats.pixels(image))
        found = read_code(bench.run("code", image))
        assert (found - floats.code(start[-1])[0]).abs().max() < 6 * LSB
        code: NDArray[np.uint8] = np.zeros(config.inputs, dtype=np.uint8)
        code[: parameters.codes] = image[: parameters.codes]
        expected = floats.image(floats.decode(floats.pixels(code)[:, : parameters.codes]), len(config.hidden))
        # What lies behind the code is not looked at, except by the norm.
        assert bench.run("decode", code) == []
        assert_image(read_image(bench), expected)


def test_off() -> None:
    """No matrices, no entries."""
    parameters = replace(LIVELY, generator="off")
    training, inference = build_pff(RAGGED, parameters), build_pff_inference(RAGGED, parameters)
    assert not [name for name in training.map.matrices if name.startswith("G")]
    assert set(training.entries) == {"train"} and set(inference.entries) == {"infer"}
    whole = build_pff_inference(RAGGED, LIVELY)
    assert set(whole.entries) == {"infer", "code", "decode", "reconstruct", "reconstruct_first"}


def test_refused() -> None:
    config = replace(RAGGED, lanes=2, vectors=64, inputs=140, rows=4000, elements=1024)
    with pytest.raises(ConfigError, match="ragged: an image of 140 pixels needs 70 vector words, there are 64"):
        build_pff_inference(config, LIVELY)
    for config, message in (
        (replace(RAGGED, results=8), "ragged: codes must be at most its 8 result words, not 9"),
        (replace(RAGGED, inputs=8), "ragged: codes must be at most its 8 inputs, not 9"),
    ):
        with pytest.raises(ConfigError, match=message):
            build_pff(config, replace(LIVELY, codes=9))
