"""``onward ranges``."""

from __future__ import annotations

import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

from matplotlib.image import imread

from .conftest import Run

Refused = Callable[..., str]
Trained = Callable[..., dict[str, Any]]


def test_ranges(run: Run, trained: Trained) -> None:
    trained()
    result = run("ranges", "RUN", "--out", "a.png", "--images", 5, "--json", "a.json")
    assert result.exit_code == 0, result.stderr
    figures = json.loads(Path("a.json").read_text())
    assert (figures["rule"], figures["preset"], figures["images"]) == ("ff", "tiny", 5)
    arrays = {f"{each['kind']} {each['name']}": each for each in figures["arrays"]}
    assert {"weight W1", "vector zP2", "element logits", "accumulator of all lanes"} <= set(arrays)
    for name, each in arrays.items():
        assert name in result.stdout
        assert each["largest"] == max(-each["min"], each["max"])
        assert each["median"] <= each["quantile"] <= each["largest"]
    assert imread("a.png").shape[1] == 1080


def test_generative_circuit(run: Run, generative: dict[str, Any]) -> None:
    result = run("ranges", "RUN", "--out", "a.png", "--images", 2, "--json", "a.json")
    assert result.exit_code == 0, result.stderr
    kinds = {each["name"]: each["kind"] for each in json.loads(Path("a.json").read_text())["arrays"]}
    assert (kinds["G1"], kinds["pixels"], kinds["of fine updates"]) == ("weight", "element", "operand")


def test_refusals(refused: Refused, trained: Trained) -> None:
    assert "there is no such checkpoint" in refused("ranges", "RUN", "--out", "a.png")
    trained()
    assert "images, not 20,000" in refused("ranges", "RUN", "--out", "a.png", "--images", 20_000)
    assert "its folder does not exist" in refused("ranges", "RUN", "--out", "no/a.png")
