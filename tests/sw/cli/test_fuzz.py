"""``onward fuzz``: a run, its report, and what it says of a parser that does not stand."""

from __future__ import annotations

import json
from collections.abc import Callable
from pathlib import Path

import pytest
from typer.testing import CliRunner

from onward.sw.cli.main import app
from onward.sw.data.errors import DatasetError
from onward.sw.fuzz import idx_target


def test_a_run(tmp_path: Path) -> None:
    report, page = tmp_path / "a.json", tmp_path / "a.md"
    options = [
        "--inputs",
        "300",
        "--target",
        "frames",
        "--target",
        "idx",
        "--json",
        str(report),
        "--markdown",
        str(page),
    ]
    done = CliRunner().invoke(app, ["fuzz", *options])
    assert done.exit_code == 0, done.output
    assert "0 failures" in done.output
    values = json.loads(report.read_text())
    assert [each["name"] for each in values["targets"]] == ["frames", "idx"]
    assert 290 <= values["inputs"] <= 300 and values["wrong"] == 0
    assert "## Hostile input" in page.read_text()


def test_what_is_not_stood_is_kept(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    def decode(raw: bytes, where: str) -> None:
        raise KeyError("no") if len(raw) > 30 else DatasetError("refused")

    monkeypatch.setattr(idx_target, "decode_idx", decode)
    done = CliRunner().invoke(app, ["fuzz", "--inputs", "100", "--target", "idx", "--keep", str(tmp_path / "kept")])
    assert done.exit_code == 1
    assert "KeyError" in done.output
    kept = sorted((tmp_path / "kept").iterdir())
    assert kept and all(each.name.startswith("idx-1-") and len(each.read_bytes()) > 30 for each in kept)


def test_an_unknown_target(refused: Callable[..., str]) -> None:
    assert "unknown target 'nowhere': use one of frames, idx" in refused("fuzz", "--target", "nowhere")
