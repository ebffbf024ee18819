"""Pictures of studies."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import numpy as np
from matplotlib.image import imread

from onward.hw.spec.formats import Fixed
from onward.sw.cli.study_pictures import draw_comparison, draw_ranges
from onward.sw.studies.groups import group_rows
from onward.sw.studies.ranges import Distribution


def test_line_across_for_what_has_no_x(tmp_path: Path) -> None:
    rows = [{"bits": bits, "rule": "ff", "error": 1.0} for bits in (8, 9)]
    draw_comparison(tmp_path / "a.png", group_rows(rows, ["bits"]), "bits", "error", None)
    rows.append({"bits": None, "rule": "backprop", "error": 1.04})
    draw_comparison(tmp_path / "b.png", group_rows(rows, ["bits"]), "bits", "error", None)
    assert not np.array_equal(imread(tmp_path / "a.png"), imread(tmp_path / "b.png"))


def test_words_come_in_the_order_of_the_rows(tmp_path: Path) -> None:
    for name, words in (("a", ["z", "y", "x"]), ("b", ["x", "y", "z"])):
        rows = [{"kind": word, "error": 1.0} for word in words]
        draw_comparison(tmp_path / f"{name}.png", group_rows(rows, ["kind"]), "kind", "error", None)
    assert not np.array_equal(imread(tmp_path / "a.png"), imread(tmp_path / "b.png"))


def test_ranges(tmp_path: Path) -> None:
    weights = Distribution.of("weight", "W", Fixed(8, 5), np.array([0, 1, 5, -60]))
    nothing = Distribution.of("weight", "V", Fixed(8, 5), np.zeros(4, np.int64))
    draw_ranges(tmp_path / "a.png", [weights, nothing], "title")
    draw_ranges(tmp_path / "b.png", [replace(weights, largest=1.0, quantile=1.0), nothing], "title")
    a, b = imread(tmp_path / "a.png"), imread(tmp_path / "b.png")
    assert a.shape == b.shape
    assert not np.array_equal(a, b)
