"""The first layer alone: it learns as a network of one layer does, and hands on what it was before."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest

from onward.sw.programs.ff import FFParameters, build_ff
from onward.sw.programs.ff_first import build_ff_first, initial_first_weights
from onward.sw.programs.handover import PHASES, handover_words, read_handover
from tests.sw.programs.layer_bench import LAYERED, LayerBench
from tests.sw.programs.pff_bench import random_images

PARAMETERS = FFParameters(rate=0.1, readout_rate=0.1, slope=0.25, margin=1.0, bias_factor=0.5)
LEARNT = ("WL", "W1", "b1", "R1")


def bench(hands_on: bool = True, parameters: FFParameters = PARAMETERS) -> LayerBench:
    program = build_ff_first(LAYERED, parameters, hands_on)
    return LayerBench(program, initial_first_weights(program, 1))


def samples(count: int) -> tuple[np.ndarray, list[int]]:
    return random_images(LAYERED, count, 5), [i % LAYERED.classes for i in range(count)]


@pytest.mark.parametrize("negatives", ["hard", "random"])
def test_learns_as_a_network_of_one_layer(negatives: str) -> None:
    parameters = replace(PARAMETERS, negatives=negatives)
    whole = build_ff(replace(LAYERED, hidden=LAYERED.hidden[:1]), parameters)
    weights = np.zeros((LAYERED.rows, LAYERED.lanes), dtype=np.int32)
    benches = [bench(parameters=parameters), bench(hands_on=False, parameters=parameters), LayerBench(whole, weights)]
    before = benches[0].matrix("W1")
    results = [each.run("train", *samples(30)) for each in benches]
    guesses = [[words[0] for words in result] for result in results]
    assert guesses[0] == guesses[1] == guesses[2]
    for name in LEARNT:
        assert (benches[0].matrix(name) == benches[1].matrix(name)).all(), name
        assert (benches[0].matrix(name) == benches[2].matrix(name)).all(), name
    assert np.abs(benches[0].matrix("W1") - before).max() > 0.01


@pytest.mark.parametrize("entry", ["train", "activities"])
def test_hands_on_both_phases(entry: str) -> None:
    core = bench()
    units = LAYERED.hidden[0]
    tiles = LAYERED.tiles(units)
    for i in range(5):
        images, labels = samples(5)
        (words,) = core.run(entry, images[i : i + 1], labels[i : i + 1])
        assert len(words) == 1 + PHASES * handover_words(units)
        (pixels,) = read_handover([words[1:]], units)
        for phase, word in enumerate((tiles, 2 * tiles)):  # behind those of the neutral phase
            z = core.vector(word, units)
            assert z.any()
            assert np.abs(pixels[phase] - 253 * z / np.linalg.norm(z)).max() <= 1
        assert (pixels[0] != pixels[1]).any()


def test_activities_learn_nothing() -> None:
    still, learning = bench(), bench()
    before = still.golden.state.weights.clone()
    words = still.run("activities", *samples(10))
    assert (still.golden.state.weights == before).all()
    # Before it has learnt, a core that learns hands on the same.
    assert learning.run("train", *samples(10))[0] == words[0]
    assert learning.run("train", *samples(10))[1] != words[1]


def test_first_rows_are_those_of_the_whole_network() -> None:
    maps = [build(LAYERED, PARAMETERS).map.matrices for build in (build_ff, build_ff_first)]
    assert all(maps[0][name] == maps[1][name] for name in LEARNT)
