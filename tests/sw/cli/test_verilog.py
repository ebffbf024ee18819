"""``onward verilog``."""

from __future__ import annotations

import json
from collections.abc import Callable
from pathlib import Path

import pytest

from onward.hw import verilog

from .conftest import Run


@pytest.fixture(autouse=True)
def generated(monkeypatch: pytest.MonkeyPatch) -> list[object]:
    """Components that Verilog was asked for; making it takes seconds and is tested elsewhere."""
    seen: list[object] = []

    def generate(component: object) -> str:
        seen.append(component)
        return "module onward;\nendmodule\n"

    monkeypatch.setattr(verilog, "generate", generate)
    return seen


@pytest.mark.parametrize(("arguments", "top"), [((), "ByteTop"), (("--top", "uart"), "UartTop")])
def test_writes_a_file(run: Run, generated: list[object], arguments: tuple[str, ...], top: str) -> None:
    result = run("verilog", "--preset", "tiny", "--out", "a.v", "--json", "a.json", *arguments)
    assert result.exit_code == 0
    assert Path("a.v").read_text() == "module onward;\nendmodule\n"
    assert [type(each).__name__ for each in generated] == [top]
    assert json.loads(Path("a.json").read_text())["lines"] == 2


def test_refusals(refused: Callable[..., str]) -> None:
    assert refused("verilog", "--preset", "tiny", "--out", "no/a.v") == "no/a.v: its folder does not exist"
    assert "unknown preset" in refused("verilog", "--preset", "huge", "--out", "a.v")
