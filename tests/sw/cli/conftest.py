"""Running commands in this process."""

from __future__ import annotations

import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from typer.testing import CliRunner, Result

from onward.sw.cli.main import app
from onward.sw.driver.checkpoint import Checkpoint
from onward.sw.driver.run_folder import RunFolder

__all__ = ["Run"]

Run = Callable[..., Result]


@pytest.fixture(autouse=True)
def empty_cache(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """Commands find no data set but the one that is shipped, and work in a folder of their own."""
    (tmp_path / "work").mkdir()
    monkeypatch.chdir(tmp_path / "work")
    monkeypatch.setenv("ONWARD_CACHE", str(tmp_path / "cache"))
    return tmp_path / "cache"


@pytest.fixture
def run() -> Run:
    """Run ``onward`` with these arguments; returns exit code and output."""

    def invoke(*arguments: object) -> Result:
        result = CliRunner().invoke(app, [str(each) for each in arguments])
        if result.exception and not isinstance(result.exception, SystemExit):
            raise result.exception
        return result

    return invoke


@pytest.fixture
def refused(run: Run) -> Callable[..., str]:
    """Run ``onward`` with arguments that cannot work: exit code 2, one line that says why, no file left behind."""

    def invoke(*arguments: object) -> str:
        before = {path: path.stat().st_mtime_ns for path in Path().rglob("*")}
        result = run(*arguments)
        assert result.exit_code == 2
        assert not result.stdout
        (line,) = result.stderr.splitlines()
        assert line.startswith("onward: ")
        assert {path: path.stat().st_mtime_ns for path in Path().rglob("*")} == before
        return line.removeprefix("onward: ")

    return invoke


@pytest.fixture
def trained(run: Run) -> Callable[..., dict[str, Any]]:
    """Train ``tiny`` for a moment into the folder RUN; returns the metrics."""

    def invoke(out: str = "RUN", *arguments: object) -> dict[str, Any]:
        usual = ("--preset", "tiny", "--dataset", "mnist-small", "--samples", 200, "--test", 50, "--out", out)
        result = run("train", *usual, *arguments)
        assert result.exit_code == 0, result.stderr
        metrics: dict[str, Any] = json.loads(Path(out, "metrics.json").read_text())
        return metrics

    return invoke


@pytest.fixture
def generative(trained: Callable[..., dict[str, Any]]) -> dict[str, Any]:
    """Train a tiny core on images of 5 x 5 pixels, with its generative circuit, into RUN; returns the metrics."""
    text = 'base = "tiny"\ninputs = 25\nrows = 400\nelements = 64\nprogram = 1024\n'
    Path("square.toml").write_text(text)
    return trained("RUN", "--preset", "square.toml", "--rule", "pff", "--set", "codes=6")


@pytest.fixture
def interrupted(run: Run, monkeypatch: pytest.MonkeyPatch) -> Callable[..., None]:
    """Train ``tiny`` for three epochs of 200 samples into RUN, but stop by Ctrl-C after some of the checkpoints."""

    def invoke(checkpoints: int, *arguments: object) -> None:
        save, saved = RunFolder.save, 0

        def stop(self: RunFolder, checkpoint: Checkpoint) -> None:
            nonlocal saved
            if saved == checkpoints:
                raise KeyboardInterrupt
            saved += 1
            save(self, checkpoint)

        usual = ("--preset", "tiny", "--dataset", "mnist-small", "--samples", 200, "--test", 50, "--epochs", 3)
        with monkeypatch.context() as patch:
            patch.setattr(RunFolder, "save", stop)
            result = run("train", *usual, "--out", "RUN", *arguments)
        assert result.exit_code == 130
        rest = "onward train --resume RUN continues" if checkpoints else "nothing is left of it"
        assert result.stderr == f"onward: interrupted; {rest}\n"

    return invoke
