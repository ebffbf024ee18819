"""From points to runs, all of it checked first."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import pytest

from onward.hw.spec.presets import PRESETS
from onward.sw.driver.recipe import Recipe
from onward.sw.driver.rules import RULES
from onward.sw.golden.imperfection import Imperfection
from onward.sw.programs.ff import FFParameters
from onward.sw.studies.baseline import BackpropParameters
from onward.sw.studies.plan import run_data
from onward.sw.studies.study_file import StudyError

from .studies_data import SMALL, runs_of


def test_all_settings(tmp_path: Path) -> None:
    text = """
        preset = "tiny"
        dataset = "mnist-small"
        images = 70
        test = 30
        epochs = 3
        jitter = 0
        final = 0.1
        schedule = "cosine"
        seed = 4
        rounding = "nearest"
        read_noise = 0.05
        gain_error = 1
        weight_bits = 9
        lanes = 6
        parameters = { rate = 0.2, negatives = "random" }
    """
    (run,) = runs_of(tmp_path, text, head="")
    parameters = FFParameters(rate=0.2, readout_rate=0.1, negatives="random")
    assert run.recipe == Recipe("ff", 70, 210, parameters, 4, final=0.1, schedule="cosine")
    assert (run.config.weight_bits, run.config.lanes, run.config.group) == (9, 6, 6)
    assert (run.rounding, run.test, run.validation, run.dataset) == ("nearest", 30, False, "mnist-small")
    assert run.imperfection == Imperfection(0.05, 1.0, seed=4)


def test_usual_settings(tmp_path: Path) -> None:
    (run,) = runs_of(tmp_path, "", head='preset = "tiny"\ndataset = "mnist-small"')
    data = run_data("mnist-small", PRESETS["tiny"], None)
    assert run.config == PRESETS["tiny"]
    assert run.recipe == Recipe("ff", len(data.train_labels), len(data.train_labels), RULES["ff"].parameters)
    assert run.test == len(data.test_labels)
    assert run.imperfection.is_ideal


def test_validation_holds_images_out(tmp_path: Path) -> None:
    (run,) = runs_of(tmp_path, "validation = 100", head='preset = "tiny"\ndataset = "mnist-small"')
    total = len(run_data("mnist-small", PRESETS["tiny"], None).train_labels)
    assert run.validation
    assert (run.recipe.images, run.test) == (total - 100, 100)


def test_words_of_parameters(tmp_path: Path) -> None:
    text = 'rule = "pff"\nprogram = 1024\nrows = 400\nelements = 64\n'
    (run,) = runs_of(tmp_path, text + "parameters = { lateral = false, steps = 4, codes = 6 }")
    assert (run.recipe.parameters.lateral, run.recipe.parameters.steps) == (False, 4)


@pytest.mark.parametrize("rule", ["ff", "pff"])
def test_rule_of_the_core_in_float(tmp_path: Path, rule: str) -> None:
    # Weights that the core has no rows for.
    (run,) = runs_of(tmp_path, f'rule = "{rule}-float"\nhidden = [60, 50]\nparameters = {{ rate = 0.1 }}')
    assert run.is_float
    assert run.parameters == replace(RULES[rule].parameters, rate=0.1)


@pytest.mark.parametrize(
    ("text", "reason"),
    [
        ("hidden = [6, 5, 4]", "pff in float needs exactly two hidden layers, not 3"),
        ("parameters = { noise = 0.1 }", "pff in float has no noise and no generator = steps"),
    ],
)
def test_what_pff_in_float_cannot_do(tmp_path: Path, text: str, reason: str) -> None:
    with pytest.raises(StudyError, match=reason):
        runs_of(tmp_path, f'rule = "pff-float"\n{text}')


def test_backprop(tmp_path: Path) -> None:
    (run,) = runs_of(tmp_path, 'rule = "backprop"\nweight_bits = 9\nparameters = { rate = 0.1 }')
    assert run.is_float
    assert run.parameters == BackpropParameters(rate=0.1)


@pytest.mark.parametrize(
    ("text", "reason"),
    [
        ("[grid]\nhidden = [[6], [5000]]", "hidden=[5000]: hidden must name at least one layer, each of 1 to 4096"),
        ("[grid]\nseed = [0, 1]\nrows = [96, 20]", "seed=0 rows=20: "),
        ("[grid]\nweight_bits = [8, 18]", "weight_bits=18: weight_bits must be 8 to 16, not 18"),
        ("[grid]\nprogram = [512, 64]", "program=64: tiny: the program has "),
        ("[grid]\njitter = [0, 1]", "jitter=1: images of 20 pixels are not square and cannot be shifted"),
        (
            '[grid]\nrule = ["ff", "hebb"]',
            "rule=hebb: unknown rule 'hebb': use one of ff, pff, sigprop, bp, dfa, backprop, ff-float, pff-float",
        ),
        ('[grid]\nrounding = ["up"]', "rounding=up: rounding must be stochastic or nearest, not 'up'"),
        ("[grid]\nread_noise = [0, -0.1]", "read_noise=-0.1: read_noise must be 0 to 4, not -0.1"),
        ("[grid]\ngain_error = [2]", "gain_error=2: gain_error must be 0 to 1, not 2.0"),
        ('read_noise = "low"', "read_noise must be a number, not 'low'"),
        ("[grid]\nparameters.rate = [9]", "parameters.rate=9: learning rates must be 0 to 8, not 9"),
        ("[grid]\nparameters.speed = [9]", "parameters.speed=9: unknown parameter 'speed': use one of rate, "),
        ("[grid]\nparameters.rate = [[9]]", "parameters.rate=[9]: parameter rate must be a number or a text, not [9]"),
        ('[[study]]\nname = "a"\npreset = "huge"', "a: unknown preset 'huge'"),
        ("epochs = 0", "epochs must be at least 1, not 0"),
        ("epochs = 1.5", "epochs must be a whole number, not 1.5"),
        ("seed = true", "seed must be a whole number, not True"),
        ('final = "low"', "final must be a number, not 'low'"),
        ('dataset = "letters"\n', "no data set is called 'letters'"),
        ("validation = 50\n", "validation leaves the test images alone: give it or test, not both"),
    ],
)
def test_refusals(tmp_path: Path, text: str, reason: str) -> None:
    head = "\n".join(line for line in SMALL.splitlines() if not text.startswith(line.split(" ")[0] or " "))
    with pytest.raises(StudyError) as raised:
        runs_of(tmp_path, text if text.startswith("[") else f"{text}\n", head + "\n")
    assert str(raised.value).startswith(f"{tmp_path / 'study.toml'}: {reason}")


@pytest.mark.parametrize(
    ("text", "reason"),
    [
        ("images = 10001", "training images, not 10,001"),
        ("test = 5000", "test images, not 5,000"),
        ("validation = 10000", "training images leaves none to train on"),
        ("validation = -1", "validation must be 0 or more images, not -1"),
    ],
)
def test_too_many_images(tmp_path: Path, text: str, reason: str) -> None:
    with pytest.raises(StudyError, match=reason):
        runs_of(tmp_path, text, head='preset = "tiny"\ndataset = "mnist-small"\n')


@pytest.mark.parametrize("text", ["weight_bits = [8, 9]", 'rounding = ["nearest"]', "read_noise = [0.1]"])
def test_axes_that_mean_nothing_in_float(tmp_path: Path, text: str) -> None:
    with pytest.raises(StudyError, match="means nothing to backprop, which is float"):
        runs_of(tmp_path, f'rule = "backprop"\n[grid]\n{text}')
