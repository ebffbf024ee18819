"""Runs: what identifies them, and the commands they equal."""

from __future__ import annotations

import shlex
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

import pytest

from onward.sw.studies import run as module
from onward.sw.studies.run import Run

from .studies_data import runs_of


@pytest.fixture
def run(tmp_path: Path) -> Run:
    return runs_of(tmp_path, "[grid]\nseed = [3]")[0]


@pytest.fixture
def forgetful() -> Iterator[None]:
    """Programs are built anew."""
    module._programs.cache_clear()
    yield
    module._programs.cache_clear()


def test_label(run: Run) -> None:
    assert run.label == "seed=3"
    assert replace(run, study="a").label == "a, seed=3"


def test_key_is_of_everything_that_determines_the_outcome(tmp_path: Path) -> None:
    texts = ["seed = 4", "epochs = 2", "final = 0.1", 'rounding = "nearest"', "weight_bits = 9", "hidden = [6]"]
    texts += ["read_noise = 0.1", "gain_error = 0.1", 'rule = "ff-float"', 'rule = "pff-float"']
    texts += ["parameters = { floor = 0.02 }", 'rule = "backprop"', 'schedule = "cosine"', "jitter_until = 0.5"]
    run = runs_of(tmp_path, "")[0]
    keys = {run.key} | {runs_of(tmp_path, text)[0].key for text in texts}
    keys |= {replace(run, test=39).key, replace(run, validation=True).key, replace(run, dataset="mnist").key}
    assert len(keys) == len(texts) + 4


def test_key_is_of_nothing_else(run: Run) -> None:
    other = replace(run, study="b", point={}, preset="other", config=replace(run.config, name="other"))
    assert other.key == run.key


def test_key_of_a_float_net_knows_no_core(tmp_path: Path) -> None:
    keys = {runs_of(tmp_path, f'rule = "backprop"\n{text}')[0].key for text in ("", "weight_bits = 9", "rows = 200")}
    assert len(keys) == 1


def test_key_of_lateral_weights_in_float_knows_their_group(tmp_path: Path) -> None:
    for rule, count in (("ff-float", 1), ("pff-float", 2)):
        assert len({runs_of(tmp_path, f'rule = "{rule}"\ngroup = {size}')[0].key for size in (1, 2)}) == count


def test_key_of_an_ideal_device_does_not_mention_it(tmp_path: Path, run: Run) -> None:
    assert runs_of(tmp_path, "seed = 3\nread_noise = 0\ngain_error = 0.0")[0].key == run.key
    keys = {runs_of(tmp_path, f'rule = "backprop"\n{text}')[0].key for text in ("", "read_noise = 0.1")}
    assert len(keys) == 1


@pytest.mark.usefixtures("forgetful")
def test_another_program_is_another_run(run: Run, monkeypatch: pytest.MonkeyPatch) -> None:
    before = run.key
    method = module.RULES["ff"]
    other = replace(method, build_inference=lambda config, parameters: method.build(config, parameters.scaled(0.5)))
    monkeypatch.setitem(module.RULES, "ff", other)
    module._programs.cache_clear()
    assert run.key != before


def test_command(tmp_path: Path, run: Run) -> None:
    assert run.command("tiny") == (
        "onward train --preset tiny --rule ff --dataset mnist-small --samples 60 --epochs 1 --seed 3 --test 40"
        f" --out runs/{run.key}"
    )
    text = 'rule = "pff"\nprogram = 1024\nrows = 400\nelements = 64\nfinal = 0.2\n'
    (other,) = runs_of(tmp_path, text + 'parameters = { lateral = false, rate = 0.02, codes = 6 }\nschedule = "cosine"')
    words = shlex.split(other.command("a b.toml") or "")
    assert words[3] == "a b.toml"
    assert words[14:-2] == [
        *(
            "--test",
            "40",
            "--final",
            "0.2",
            "--schedule",
            "cosine",
            "--set",
            "rate=0.02",
            "--set",
            "lateral=no",
            "--set",
            "codes=6",
        )
    ]


def test_command_of_a_constant_schedule_has_no_final_factor(tmp_path: Path) -> None:
    (run,) = runs_of(tmp_path, 'schedule = "constant"')
    assert "--final" not in (run.command("tiny") or "")


def test_no_command(tmp_path: Path) -> None:
    for text in (
        'rounding = "nearest"',
        "read_noise = 0.1",
        "gain_error = 0.1",
        'rule = "backprop"',
        'rule = "ff-float"',
    ):
        assert runs_of(tmp_path, text)[0].command("tiny") is None
