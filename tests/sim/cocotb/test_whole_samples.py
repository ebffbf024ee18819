"""Whole samples of all rules: settings differ, and what does not fit is left out."""

import random
from dataclasses import replace

import pytest

from onward.hw.spec.isa import Op, Source
from onward.hw.spec.presets import PRESETS
from onward.sim.cocotb.whole_samples import plain_rule, predictive_forward_forward

TINY = PRESETS["tiny"]
ROOMY = replace(TINY, rows=160, vectors=48, elements=48, program=1024)
IMAGES = ["code", "decode", "reconstruct", "reconstruct_first"]


@pytest.mark.parametrize(("name", "others"), [("ff", []), ("bp", []), ("dfa", []), ("sigprop", ["prepare"])])
def test_plain_rules(name: str, others: list[str]) -> None:
    samples = plain_rule(name, TINY, random.Random(1))
    assert samples is not None and samples.training is samples.inference
    assert samples.uses == [*others, "infer"]
    assert samples.weights.shape == (TINY.rows, TINY.lanes) and samples.weights.any()
    assert plain_rule(name, replace(TINY, rows=20), random.Random(1)) is None


def test_rates_are_fine_and_coarse() -> None:
    fine = {
        word.fine
        for seed in range(10)
        if (samples := plain_rule("bp", TINY, random.Random(seed)))
        for word in samples.training.instructions
        if word.op is Op.UPD
    }
    assert fine == {0, 1}


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
