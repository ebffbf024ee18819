"""Parameters of predictive forward-forward: what is refused, and what scales with the learning rate."""

from dataclasses import fields, replace

import pytest

from onward.hw.spec.config import ConfigError
from onward.sw.programs.pff_parameters import PFFParameters

RATES = ("rate", "readout_rate", "generator_rate", "prediction_rate", "code_rate")


@pytest.mark.parametrize(
    ("name", "value", "limits"),
    [
        *((rate, value, "0 to 8") for rate in RATES for value in (-0.1, 9.0, float("nan"))),
        ("bias_factor", 1.5, "0 to 1"),
        ("label_scale", 0.0, "0.001 to 8"),
        ("alpha", 1.0, "0 to 0.99"),
        ("alpha", -0.1, "0 to 0.99"),
        ("threshold", -1.0, "0 to 1000"),
        ("slope", 0.0, "0.001 to 1000"),
        ("margin", 2000.0, "-1000 to 1000"),
        ("floor", 0.0, "0.0001 to 1"),
        ("noise", -1.0, "0 to 1"),
        ("generator_noise", 2.0, "0 to 1"),
        ("steps", 1, "2 to 16"),
        ("steps", 17, "2 to 16"),
        ("generator_every", 0, "1 to 16"),
        ("codes", 0, "1 to 1024"),
        ("loss", "hinge", "'symba' or 'threshold'"),
        ("negatives", "soft", "'hard' or 'random'"),
        ("generator", "on", "'start' or 'steps' or 'off'"),
        ("image_from", "both", "'own' or 'predicted' or 'either'"),
    ],
)
def test_refused(name: str, value: float | str, limits: str) -> None:
    with pytest.raises(ConfigError, match=f"^{name} must be {limits}, not '?{value}'?$"):
        replace(PFFParameters(), **{name: value})


@pytest.mark.parametrize(
    ("name", "value"),
    [("rate", 0.0), ("rate", 8.0), ("alpha", 0.0), ("steps", 2), ("steps", 16), ("margin", -3.0), ("codes", 1)],
)
def test_limits_themselves_are_allowed(name: str, value: float) -> None:
    assert getattr(replace(PFFParameters(), **{name: value}), name) == value


def test_a_generator_that_would_never_learn_is_refused() -> None:
    with pytest.raises(ConfigError, match="generator_every must be at most the 3 steps of a sample, not 4"):
        PFFParameters(generator="steps", steps=3, generator_every=4)
    assert PFFParameters(generator="steps", steps=4, generator_every=4).generator_every == 4
    assert PFFParameters(generator="start", steps=3, generator_every=4).generator_every == 4


def test_scaled() -> None:
    """All learning rates, and nothing else."""
    parameters = PFFParameters(bias_factor=0.5, margin=1.0, noise=0.1)
    half = parameters.scaled(0.5)
    for field in fields(PFFParameters):
        before, after = getattr(parameters, field.name), getattr(half, field.name)
        assert after == (before / 2 if field.name in RATES else before), field.name
