"""``onward plot``."""

from __future__ import annotations

import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from matplotlib.image import imread

from .conftest import Run

Refused = Callable[..., str]


def row(bits: int | None, rounding: str | None, seed: int, error: float | None, jitter: int = 0) -> dict[str, Any]:
    values = {"weight_bits": bits, "rounding": rounding, "seed": seed, "jitter": jitter, "weights_sha256": "ab"}
    return values | {"hidden": [6, 5] if bits != 8 else [7], "test_error_goodness": error, "rule": "ff"}


ROWS = [
    *(row(bits, "stochastic", seed, 5 + 16 / bits + seed) for bits in (8, 12, 16) for seed in (0, 1)),
    *(row(bits, "nearest", seed, 5 + 80 / bits + seed) for bits in (12, 8, 16) for seed in (0, 1)),
    row(None, None, 0, 4.0),
]


@pytest.fixture(autouse=True)
def study() -> None:
    write(ROWS)


def write(rows: list[dict[str, Any]]) -> None:
    Path("out").mkdir(exist_ok=True)
    inputs = ["weight_bits", "rounding", "seed", "jitter", "hidden", "rule"]
    Path("out/results.json").write_text(json.dumps({"rows": rows, "inputs": inputs}))


def picture(run: Run, *arguments: object) -> np.ndarray:
    result = run("plot", "out", "--out", "a.png", *arguments)
    assert result.exit_code == 0, result.stderr
    return imread("a.png")


def test_plot(run: Run) -> None:
    seen = picture(run, "--x", "weight_bits", "--y", "test_error_goodness", "--group", "rounding")
    assert np.array_equal(seen, picture(run, "--x", "weight_bits", "--group", "rounding"))
    # The order of the rows is not seen but in colours, the values are.
    write(ROWS[:6] + ROWS[6:8][::-1] + ROWS[8:])
    assert np.array_equal(seen, picture(run, "--x", "weight_bits", "--group", "rounding"))
    write([ROWS[0] | {"test_error_goodness": 9.0}, *ROWS[1:]])
    assert not np.array_equal(seen, picture(run, "--x", "weight_bits", "--group", "rounding"))


def test_only_some(run: Run) -> None:
    seen = picture(run, "--x", "weight_bits", "--where", "rounding=nearest")
    write([each for each in ROWS if each["rounding"] == "nearest"])
    assert np.array_equal(seen, picture(run, "--x", "weight_bits"))


def test_words_on_the_axis(run: Run) -> None:
    by_hidden = picture(run, "--x", "hidden", "--where", "rounding=nearest", "--group", "weight_bits")
    by_rounding = picture(run, "--x", "rounding", "--where", "weight_bits=8")
    assert by_hidden.shape == by_rounding.shape


def test_mean_of_unequal_runs_is_refused(refused: Refused) -> None:
    assert refused("plot", "out", "--x", "weight_bits", "--out", "a.png") == (
        "the runs at weight_bits=8 differ in rounding, and their mean would hide it: choose with --where"
    )


@pytest.mark.parametrize(
    ("arguments", "reason"),
    [
        (("--x", "bits"), "there is no column 'bits'; known are weight_bits, "),
        (("--x", "weight_bits", "--y", "error"), "there is no column 'error'"),
        (("--x", "weight_bits", "--group", "rate"), "there is no column 'rate'"),
        (("--x", "weight_bits", "--where", "rate=3"), "there is no column 'rate'"),
        (("--x", "weight_bits", "--where", "rounding"), "--where takes COLUMN=VALUE"),
        (("--x", "weight_bits", "--where", "rounding=up"), "out: no row with these values has test_error_goodness"),
        (("--x", "weight_bits", "--y", "weights_sha256"), "column weights_sha256 has no numbers"),
        (("--x", "weight_bits", "--out", "no/a.png"), "no/a.png: its folder does not exist"),
    ],
)
def test_refusals(refused: Refused, arguments: tuple[str, ...], reason: str) -> None:
    assert refused("plot", "out", "--out", "a.png", *arguments).startswith(reason)


def test_no_study(refused: Refused) -> None:
    assert refused("plot", "no", "--x", "a", "--out", "a.png").startswith("no: has no results.json")
    for text, reason in (("{", "out/results.json: "), ("[]", "out/results.json: is no result of onward sweep")):
        Path("out/results.json").write_text(text)
        assert refused("plot", "out", "--x", "a", "--out", "a.png").startswith(reason)
    write([])
    assert refused("plot", "out", "--x", "a", "--out", "a.png") == "out/results.json: has no rows yet"
