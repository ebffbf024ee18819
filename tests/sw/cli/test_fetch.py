"""``onward fetch``."""

from __future__ import annotations

import json
from collections.abc import Callable
from pathlib import Path

import pytest

from onward.sw.data import fetch as fetching
from onward.sw.data.catalogue import CATALOGUE

from .conftest import Run


def test_set_that_is_there(run: Run) -> None:
    result = run("fetch", "mnist-small", "--json", "a.json")
    assert result.exit_code == 0
    assert "10,000 training and 2,000 test images" in result.stdout
    report = json.loads(Path("a.json").read_text())
    assert report["train_images"] == 10_000
    assert report["folder"] == str(CATALOGUE["mnist-small"].shipped)


def test_unknown_set(refused: Callable[..., str]) -> None:
    assert "no data set is called 'imagenet', known are mnist" in refused("fetch", "imagenet")


def test_no_source_has_it(run: Run, monkeypatch: pytest.MonkeyPatch, empty_cache: Path) -> None:
    monkeypatch.setitem(fetching.SOURCES, "mnist", ())
    result = run("fetch", "mnist")
    assert result.exit_code == 2
    assert result.stderr.splitlines()[-1] == "onward: mnist: no source has it ()"
    assert not empty_cache.exists() or not list(empty_cache.rglob("*-ubyte*"))
