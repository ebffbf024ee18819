"""``onward generate``."""

from __future__ import annotations

import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

from matplotlib.image import imread

from onward.hw.spec.presets import load_preset

from ..driver.model_core import ModelCore, PtyCore
from .conftest import Run

Trained = Callable[..., dict[str, Any]]
Refused = Callable[..., str]
FIT = ("--fit", 300, "--components", 2)


def generated(run: Run, name: str, *arguments: object) -> dict[str, Any]:
    """Generate into NAME.png; returns the report."""
    result = run("generate", "RUN", "--out", f"{name}.png", "--json", "report.json", *FIT, *arguments)
    assert result.exit_code == 0, result.stderr
    report: dict[str, Any] = json.loads(Path("report.json").read_text())
    return report


def test_all_digits(run: Run, generative: dict[str, Any]) -> None:
    report = generated(run, "a", "--count", 30)
    # 1,001 zeros, 1,127 ones and 991 twos are in the training images.
    assert report["digits"] == [0] * 10 + [1] * 11 + [2] * 9
    expected = {"count": 30, "fitted": 300, "components": 2, "seed": 0, "recognised": None, "classifier_error": None}
    assert {key: report[key] for key in expected} == expected
    for key in ("weights_sha256", "preset", "dataset", "rule"):
        assert report[key] == generative[key], key
    assert imread("a.png").shape[:2] == (3 * 106 + 6, 10 * 90 + 6)


def test_one_digit_and_the_seed(run: Run, generative: dict[str, Any]) -> None:
    for name, seed in (("a", 1), ("b", 1), ("c", 2)):
        assert generated(run, name, "--count", 12, "--digit", 2, "--seed", seed)["digits"] == [2] * 12
    a, b, c = (Path(f"{name}.png").read_bytes() for name in "abc")
    assert a == b != c


def test_recognises(run: Run, generative: dict[str, Any]) -> None:
    report = generated(run, "a", "--count", 40, "--recognise")
    assert 0 <= report["recognised"] <= 100
    assert 0 < report["classifier_error"] < 15  # 25 pixels are few
    result = run("generate", "RUN", "--out", "a.png", *FIT, "--count", 40, "--recognise")
    assert f"{report['recognised']:.1f} %" in result.stdout


def test_the_same_on_a_board_with_a_clock(run: Run, generative: dict[str, Any]) -> None:
    with PtyCore(ModelCore(load_preset("square.toml")).feed) as core:
        linked = generated(run, "a", "--board", f"serial:{core.port}", "--count", 20)
    golden = generated(run, "b", "--count", 20)
    assert linked["digits"] == golden["digits"]
    assert (linked["cycles_per_sample"], golden["cycles_per_sample"]) == (100, None)
    assert Path("a.png").read_bytes() == Path("b.png").read_bytes()


def test_refusals(refused: Refused, generative: dict[str, Any]) -> None:
    out = ("--out", "a.png", *FIT)
    assert refused("generate", "no", *out) == "no/checkpoint.safetensors: there is no such checkpoint"
    assert refused("generate", "RUN", "--out", "RUN") == "RUN: is a folder, not a file to write"
    line = refused("generate", "RUN", *out, "--digit", 3)
    assert line == "--digit must be 0 to 2, the classes of the run, not 3"
    assert "'--digit'" in refused("generate", "RUN", *out, "--digit", -1)
    assert "'--count'" in refused("generate", "RUN", *out, "--count", 0)
    assert "training images, not 9,000" in refused("generate", "RUN", *out, "--fit", 9000)
    assert "too few for a mixture of 200; fit more images" in refused("generate", "RUN", *out, "--components", 200)


def test_refuses_runs_without_a_generative_circuit(refused: Refused, trained: Trained) -> None:
    trained("RUN")
    line = refused("generate", "RUN", "--out", "a.png")
    assert line == "rule 'ff' has no generative circuit: generate needs a run of rule pff"
