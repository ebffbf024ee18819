"""Expected failures are one line; unexpected ones show themselves."""

from __future__ import annotations

import importlib
from collections.abc import Callable

import pytest
import typer
from typer.testing import CliRunner

from onward.hw.spec.config import ConfigError
from onward.sw.cli.errors import EXPECTED, OneLineErrors, one_line
from onward.sw.programs.assembler import AssemblyError


@pytest.mark.parametrize("name", sorted(EXPECTED))
def test_expected_errors_exist(name: str) -> None:
    module, _, kind = name.rpartition(".")
    error = getattr(importlib.import_module(module), kind)
    assert issubclass(error, Exception)


@pytest.mark.parametrize(
    ("error", "line"),
    [
        (ConfigError("lanes must be 1"), "lanes must be 1"),
        (AssemblyError("too long"), "too long"),
        (ConfigError("first\n\n  second\n"), "first; second"),
        (FileNotFoundError(2, "No such file or directory", "a/b"), "a/b: No such file or directory"),
        (OSError("odd"), "odd"),
        (ValueError("a mistake of ours"), None),
        (KeyError("x"), None),
    ],
)
def test_lines(error: Exception, line: str | None) -> None:
    assert one_line(error) == line


def raising(error: Exception) -> typer.Typer:
    app = typer.Typer(cls=OneLineErrors)

    @app.command()
    def fail() -> None:
        raise error

    @app.command()
    def other() -> None:
        pass

    return app


def test_exit_code() -> None:
    result = CliRunner().invoke(raising(PermissionError(13, "Permission denied", "x")), ["fail"])
    assert result.exit_code == 2
    assert result.stderr == "onward: x: Permission denied\n"


def test_mistakes_are_not_hidden() -> None:
    result = CliRunner().invoke(raising(IndexError("list index out of range")), ["fail"])
    assert isinstance(result.exception, IndexError)


@pytest.mark.parametrize(
    ("arguments", "reason"),
    [
        (["nothing"], "No such command 'nothing'"),
        (["train"], "a new training needs --preset and --out"),
        (["compare"], "Missing option '--preset'"),
        (["train", "--preset", "tiny", "--out", "x", "--seed", "-1"], "Invalid value for '--seed'"),
        (["train", "--preset", "tiny", "--out", "x", "--epochs", "many"], "Invalid value for '--epochs'"),
        (["cosim", "--preset", "tiny", "--simulator", "spice"], "Invalid value for '--simulator'"),
        (["presets", "--colour"], "No such option"),
    ],
)
def test_wrong_usage_is_one_line(refused: Callable[..., str], arguments: list[str], reason: str) -> None:
    assert reason in refused(*arguments)
