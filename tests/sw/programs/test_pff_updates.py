"""One training sample changes every matrix as float arithmetic says."""

from dataclasses import replace

import numpy as np
import pytest

from onward.hw.spec.config import CoreConfig
from onward.sw.programs.pff_parameters import PFFParameters
from tests.sw.programs.pff_bench import LIVELY, RAGGED, PFFBench, random_images

THRESHOLD = replace(LIVELY, loss="threshold")
DEEP = replace(RAGGED, hidden=(7, 6, 5))
DEEPER = replace(LIVELY, rate=0.06, slope=0.1, label_scale=1.9, steps=4)
WIDE = replace(RAGGED, operand_bits=18)
TRAININGS: dict[str, tuple[CoreConfig, PFFParameters]] = {
    "symba": (RAGGED, LIVELY),
    "symba, two steps": (RAGGED, replace(LIVELY, steps=2)),
    "symba, four steps": (RAGGED, replace(LIVELY, steps=4)),
    "symba, slope 1": (RAGGED, replace(LIVELY, slope=1.0)),
    "symba, margin and half the rate for biases": (RAGGED, replace(LIVELY, margin=1.0, bias_factor=0.5)),
    "symba, alpha 0": (RAGGED, replace(LIVELY, alpha=0.0)),
    "symba, alpha 0.6": (RAGGED, replace(LIVELY, alpha=0.6)),
    "symba, no lateral synapses": (RAGGED, replace(LIVELY, lateral=False)),
    "symba, large rate": (WIDE, replace(LIVELY, lateral=False, rate=0.3)),
    "symba, three layers": (DEEP, DEEPER),
    "symba, three layers, margin": (DEEP, replace(DEEPER, rate=0.04, margin=1.0, generator="off")),
    "threshold": (RAGGED, THRESHOLD),
    "threshold, two steps": (RAGGED, replace(THRESHOLD, steps=2)),
    "threshold, which knows no margin": (RAGGED, replace(THRESHOLD, margin=1.0)),
    "threshold, four steps, alpha 0": (RAGGED, replace(THRESHOLD, steps=4, alpha=0.0)),
    "threshold, half the rate for biases": (RAGGED, replace(THRESHOLD, bias_factor=0.5)),
    "threshold, no lateral synapses": (RAGGED, replace(THRESHOLD, lateral=False)),
    "threshold, three layers": (DEEP, THRESHOLD),
    "random negatives": (RAGGED, replace(LIVELY, negatives="random")),
    "one word a layer": (replace(RAGGED, lanes=16, group=8), LIVELY),
    "one lane": (replace(RAGGED, lanes=1, group=1, rows=800, vectors=200), LIVELY),
    "groups of four in words of twelve": (replace(RAGGED, lanes=12, group=4), LIVELY),
    "operands of 18 bits": (WIDE, replace(LIVELY, rate=0.02, margin=0.5)),
    "weights of 12 bits": (replace(RAGGED, weight_bits=12), LIVELY),
}


@pytest.mark.parametrize("case", TRAININGS)
def test_training(case: str) -> None:
    """Samples of every label in turn, each against floats that start from the weights it has found."""
    config, parameters = TRAININGS[case]
    bench = PFFBench(config, parameters, seed=3)
    largest: dict[str, float] = {}
    for label, image in enumerate(random_images(config, config.classes, seed=3)):
        for name, change in bench.check_training(image, label).items():
            largest[name] = max(change, largest.get(name, 0.0))
    # The comparison means something: of each matrix some weight has moved by many units.
    for name, change in largest.items():
        if name[0] == "L" and not parameters.lateral:
            assert change == 0
        else:
            assert change > (15 if config.weight_bits == 16 else 2), name


def test_an_empty_image_moves_no_input_weights() -> None:
    bench = PFFBench(RAGGED, replace(LIVELY, generator="off"))
    before = bench.weights()
    image = np.zeros(RAGGED.inputs, dtype=np.uint8)
    bench.check_training(image, 2)
    after = bench.weights()
    assert (before["W1"] == after["W1"]).all()
    assert not (before["b1"] == after["b1"]).all()


@pytest.mark.parametrize("loss", ["symba", "threshold"])
def test_rates_of_zero_change_nothing(loss: str) -> None:
    parameters = replace(LIVELY, loss=loss).scaled(0)
    bench = PFFBench(RAGGED, parameters)
    before = bench.weights()
    bench.run("train", random_images(RAGGED, 1, 1)[0], 1)
    after = bench.weights()
    assert all((before[name] == after[name]).all() for name in before)
