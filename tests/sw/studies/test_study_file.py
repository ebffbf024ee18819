"""Study files: what they mean, and what is wrong with them."""

from __future__ import annotations

from pathlib import Path

import pytest

from onward.sw.studies.study_file import Point, StudyError, read_study


def read(tmp_path: Path, text: str) -> list[Point]:
    path = tmp_path / "a.toml"
    path.write_text(text)
    return read_study(path)


def test_without_a_grid_it_is_one_point(tmp_path: Path) -> None:
    assert read(tmp_path, 'rule = "pff"\nparameters = { steps = 4 }') == [
        Point("", {}, {"rule": "pff", "parameters.steps": 4})
    ]


def test_grid_is_a_product(tmp_path: Path) -> None:
    points = read(tmp_path, "epochs = 3\n[grid]\nhidden = [[6, 5], [4]]\nparameters.rate = [0.1, 0.2, 0.3]")
    assert len(points) == 6
    assert [point.axes["parameters.rate"] for point in points[:4]] == [0.1, 0.2, 0.3, 0.1]
    assert points[3] == Point(
        "",
        {"hidden": [4], "parameters.rate": 0.1},
        {"epochs": 3, "hidden": [4], "parameters.rate": 0.1},
    )


def test_blocks_go_before_what_is_shared(tmp_path: Path) -> None:
    text = """
        epochs = 3
        jitter = 1
        [grid]
        seed = [0, 1]
        [[study]]
        epochs = 5
        [[study]]
        name = "b"
        seed = 7
        [study.grid]
        jitter = [2, 4]
    """
    assert read(tmp_path, text) == [
        Point("study 1", {"seed": 0}, {"epochs": 5, "jitter": 1, "seed": 0}),
        Point("study 1", {"seed": 1}, {"epochs": 5, "jitter": 1, "seed": 1}),
        Point("b", {"jitter": 2}, {"epochs": 3, "seed": 7, "jitter": 2}),
        Point("b", {"jitter": 4}, {"epochs": 3, "seed": 7, "jitter": 4}),
    ]


@pytest.mark.parametrize(
    ("text", "reason"),
    [
        ("epochs = ", "is no TOML: "),
        ("epoch = 3", "unknown key 'epoch'; known are rule, preset, "),
        ("[grid]\nsamples = [3]", "grid: unknown key 'samples'; known are "),
        ("[grid]", "grid: is empty"),
        ("grid = 3", "grid: is empty"),
        ("[grid]\nseed = 3", "grid: seed must be a list of values, not 3"),
        ("[grid]\nseed = []", "grid: seed is an empty list, so that there would be no run"),
        ("[grid]\nseed = [1, 2, 1]", "grid: seed has 1 twice"),
        ("seed = 1\n[grid]\nseed = [1, 2]", "grid: seed is given outside of the grid, too"),
        ("parameters = 3", "parameters must be a table of the rule's parameters, not 3"),
        ("study = 3", "studies are blocks that begin with [[study]]"),
        ('[[study]]\nname = "a"\n[[study]]\nname = "a"', "study 2: its name must be a text of its own, not 'a'"),
        ("[[study]]\n[[study]]\nrate = 1", "study 2: unknown key 'rate'"),
        ("[[study]]\n[[study]]\n[study.grid]\nseed = []", "study 2: grid: seed is an empty list"),
    ],
)
def test_refusals(tmp_path: Path, text: str, reason: str) -> None:
    with pytest.raises(StudyError) as raised:
        read(tmp_path, text)
    line = str(raised.value)
    assert line.startswith(f"{tmp_path / 'a.toml'}: {reason}")


def test_missing_file(tmp_path: Path) -> None:
    with pytest.raises(StudyError, match="no.toml: No such file or directory"):
        read_study(tmp_path / "no.toml")
