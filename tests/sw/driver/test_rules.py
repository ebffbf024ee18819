"""The learning rules by name, and their parameters in words."""

from __future__ import annotations

import re

import pytest

from onward.hw.spec.config import ConfigError
from onward.hw.spec.presets import PRESETS
from onward.sw.driver.rules import RULES, change_parameters, find_rule
from onward.sw.programs.pff_parameters import PFFParameters


@pytest.mark.parametrize("name", RULES)
def test_both_programs_use_the_same_rows(name: str) -> None:
    rule = find_rule(name)
    training = rule.build(PRESETS["ulx3s-85f"], rule.parameters)
    inference = rule.build_inference(PRESETS["ulx3s-85f"], rule.parameters)
    assert training.map.matrices == inference.map.matrices
    assert "train" in training.entries
    assert "infer" in inference.entries


@pytest.mark.parametrize("name", RULES)
def test_learning_rates_are_scaled(name: str) -> None:
    parameters = RULES[name].parameters
    assert parameters.scaled(0.5).rate == parameters.rate / 2
    assert parameters.scaled(0.5).readout_rate == parameters.readout_rate / 2
    assert parameters.scaled(1.0) == parameters


def test_parameters_in_words() -> None:
    usual = PFFParameters()
    changes = {"alpha": "0.2", "steps": "4", "lateral": "no", "loss": "threshold"}
    changed = change_parameters(usual, changes)
    assert (changed.alpha, changed.steps, changed.lateral, changed.loss) == (0.2, 4, False, "threshold")
    assert change_parameters(usual, {}) == usual


@pytest.mark.parametrize(
    ("name", "value", "reason"),
    [
        ("alhpa", "1", "unknown parameter 'alhpa': use one of rate,"),
        ("alpha", "x", "parameter alpha must be a number, not 'x'"),
        ("steps", "3.5", "parameter steps must be a whole number, not '3.5'"),
        ("lateral", "1", "parameter lateral must be yes or no, not '1'"),
        ("alpha", "2", "alpha must be 0 to 0.99, not 2.0"),
        ("loss", "hinge", "loss must be 'symba' or 'threshold', not 'hinge'"),
    ],
)
def test_refusals(name: str, value: str, reason: str) -> None:
    with pytest.raises(ConfigError, match=re.escape(reason)):
        change_parameters(PFFParameters(), {name: value})


def test_unknown_rule() -> None:
    with pytest.raises(ConfigError, match="unknown rule 'hebb': use one of ff, pff"):
        find_rule("hebb")
