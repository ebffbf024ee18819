"""Whole samples of both rules: settings differ, and what does not fit is left out."""

import random
from dataclasses import replace

from onward.hw.spec.isa import Op, Source
from onward.hw.spec.presets import PRESETS
from onward.sim.cocotb.whole_samples import forward_forward, predictive_forward_forward

TINY = PRESETS["tiny"]
ROOMY = replace(TINY, rows=160, vectors=48, elements=48, program=1024)
IMAGES = ["code", "decode", "reconstruct", "reconstruct_first"]


def test_forward_forward() -> None:
    samples = forward_forward(TINY, random.Random(1))
    assert samples.training is samples.inference
    assert samples.uses == ["infer"]
    assert samples.weights.shape == (TINY.rows, TINY.lanes) and samples.weights.any()


def test_both_circuits_where_there_is_room() -> None:
    """All instructions of the generative circuit and of the lateral synapses are in it."""
    seen: set[Op] = set()
    for seed in range(10):
        samples = predictive_forward_forward(ROOMY, random.Random(seed))
        assert samples is not None
        assert sorted(samples.uses) == sorted([*IMAGES, "infer"])
        seen |= {word.op for word in samples.training.instructions}
        assert any(word.source == Source.RESIDUAL for word in samples.training.instructions)
    assert seen >= {Op.LMAC, Op.LUPD, Op.ROWS, Op.SCAT, Op.DRAW, Op.LOOP}


def test_settings_differ() -> None:
    programs = {
        samples.training.instructions
        for seed in range(10)
        if (samples := predictive_forward_forward(ROOMY, random.Random(seed)))
    }
    assert len(programs) > 8


def test_noise_where_layers_fill_whole_words() -> None:
    def noisy(hidden: tuple[int, ...]) -> bool:
        samples = predictive_forward_forward(replace(ROOMY, hidden=hidden, rows=200), random.Random(1))
        assert samples is not None
        return any(word.op is Op.NOISE for word in samples.training.instructions)

    assert noisy((8, 4)) and not noisy((8, 5))


def test_what_does_not_fit_is_left_out() -> None:
    for seed in range(10):
        samples = predictive_forward_forward(TINY, random.Random(seed))
        assert samples is not None and samples.uses == ["infer"]
    assert predictive_forward_forward(replace(TINY, rows=80), random.Random(1)) is None
    assert predictive_forward_forward(replace(TINY, hidden=(6,)), random.Random(1)) is None
