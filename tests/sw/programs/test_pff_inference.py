"""Classification scores all labels as float arithmetic does."""

from dataclasses import replace

import numpy as np
import pytest

from onward.hw.spec.config import CoreConfig
from onward.sw.programs.pff_parameters import PFFParameters
from tests.sw.programs.pff_bench import LIVELY, RAGGED, PFFBench, random_images

DEEP = replace(RAGGED, hidden=(7, 6, 5))


@pytest.mark.parametrize("steps", [2, 3, 4, 7])
@pytest.mark.parametrize(
    ("config", "parameters"),
    [
        (RAGGED, LIVELY),
        (RAGGED, replace(LIVELY, alpha=0.0, lateral=False, generator="off")),
        (DEEP, replace(LIVELY, generator="off")),
        (replace(RAGGED, lanes=16, group=4), replace(LIVELY, alpha=0.6)),
    ],
)
def test_inference(config: CoreConfig, parameters: PFFParameters, steps: int) -> None:
    """Scores of all labels, but for what all have in common, and both guesses; nothing learns."""
    bench = PFFBench(config, replace(parameters, steps=steps), seed=4)
    before = bench.golden.state.weights.clone()
    floats = bench.floats()
    for image in random_images(config, 4, seed=5):
        # The reference's score is the mean of the layers.
        expected = floats.circuit.scores(floats.pixels(image))[0].numpy() * len(config.hidden)
        found = bench.scores(image)
        error = (found - found.mean()) - (expected - expected.mean())
        # Activities are good to 2^-11 or so, squares of up to 4 to 2^-8; a label more or less is worth far more.
        assert np.abs(error).max() < 0.01 + 0.005 * np.ptp(expected), (found, expected)
        assert np.ptp(expected) > 0.3
        readout = floats.logits(floats.circuit.start(floats.pixels(image))).argmax()
        assert bench.run("infer", image) == [int(found.argmax()), int(readout)]
    assert (bench.golden.state.weights == before).all()


def test_training_and_inference_do_not_disturb_each_other() -> None:
    """Whatever ran before, an entry finds nothing of it but the weights."""
    images = random_images(RAGGED, 3, 6)
    bench = PFFBench(RAGGED, LIVELY)
    for label, image in enumerate(images):
        scores = bench.scores(image)
        for entry in ("code", "reconstruct", "infer", "decode", "reconstruct_first"):
            bench.run(entry, image)
        assert (bench.scores(image) == scores).all()
        bench.check_training(image, label)
