"""What training draws: wrong labels and noise."""

from dataclasses import replace

import numpy as np
import pytest
import torch

from tests.sw.programs.pff_bench import LIVELY, RAGGED, PFFBench, random_images
from tests.sw.programs.pff_float import FloatPFF


@pytest.mark.parametrize("negatives", ["hard", "random"])
def test_wrong_labels_are_drawn_as_often_as_their_weights_say(negatives: str) -> None:
    parameters = replace(LIVELY, negatives=negatives, generator="off", floor=0.05).scaled(0)
    bench, label, draws = PFFBench(RAGGED, parameters), 1, 1000
    image = random_images(RAGGED, 1, 2)[0]
    floats = bench.floats()
    weights = floats.logits(floats.circuit.start(floats.pixels(image))).softmax(1)[0].numpy() + parameters.floor
    weights = np.ones(RAGGED.classes) if negatives == "random" else weights
    weights[label] = 0
    chances = weights / weights.sum()
    counts = np.zeros(RAGGED.classes)
    for _ in range(draws):
        bench.run("train", image, label)
        counts[bench.drawn("wrong label")] += 1
    assert counts[label] == 0
    # Four standard deviations; hard ones are far from uniform here.
    assert (np.abs(counts - draws * chances) < 4 * np.sqrt(draws * chances * (1 - chances)) + 1e-9).all(), counts
    assert (np.ptp(chances[chances > 0]) > 0.1) == (negatives == "hard")


@pytest.mark.parametrize("loss", ["symba", "threshold"])
def test_noise_averages_out(loss: str) -> None:
    """With noise, the mean of many changes is the one without; each of them is not."""
    config = replace(RAGGED, hidden=(8, 8), classes=2)  # the wrong label is no matter of chance
    quiet = replace(LIVELY, loss=loss, image_from="own", generator="start")
    bench = PFFBench(config, replace(quiet, noise=0.03, generator_noise=0.03), seed=3)
    image, count = random_images(config, 1, 3)[0], 150
    before, memory = bench.weights(), bench.golden.state.weights.clone()
    expected = FloatPFF(config, quiet, before).train(image, 0, 1, predicted=False)
    found: dict[str, list[torch.Tensor]] = {name: [] for name in before}
    for _ in range(count):
        bench.golden.state.weights[:] = memory
        bench.run("train", image, 0)
        for name, value in bench.weights().items():
            found[name].append(value)
    for name, values in found.items():
        changes = torch.stack(values)
        error = (changes.mean(0) - expected[name]).abs()
        size = (expected[name] - before[name]).abs().max()
        # Four deviations of a mean; noise bends relu, squares and norms by its square, some percent of a change.
        assert (error < 4 * changes.std(0) / count**0.5 + 0.05 * size + 2**-13).all(), name
        # Rounding alone is worth half a unit for each update; noise does not reach the code.
        if name[0] in "WVG":
            assert (changes.std(0).max() > (1 if name[0] == "G" else 3) * 2**-13) == (name != "Gy"), name
