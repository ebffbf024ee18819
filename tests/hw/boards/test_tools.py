"""Running tools, and what is said when that does not work."""

from __future__ import annotations

import os
import stat
from pathlib import Path

import pytest

from onward.hw.boards import tools
from onward.hw.boards.errors import BuildError, OutOfTime
from onward.hw.boards.tools import run_tool, tool_version


def script(path: Path, text: str) -> Path:
    path.write_text(f"#!/bin/sh\n{text}\n")
    path.chmod(path.stat().st_mode | stat.S_IXUSR)
    return path


def test_a_tool_that_the_environment_names(tmp_path, monkeypatch):
    monkeypatch.setenv("YOSYS", str(script(tmp_path / "own", 'echo "$@"; pwd')))
    beats = []
    assert run_tool("YOSYS", ["-l", "x"], tmp_path, "log", lambda: beats.append(1)) >= 0
    assert (tmp_path / "log").read_text().splitlines() == ["-l x", str(tmp_path)]
    assert beats
    assert tool_version("YOSYS") == str(tmp_path / "own")


def test_a_tool_that_fails_says_why(tmp_path, monkeypatch):
    monkeypatch.setenv("YOSYS", str(script(tmp_path / "own", "echo one; echo 'ERROR: no such cell'; echo two; exit 3")))
    with pytest.raises(BuildError, match=r"failed, see .*log\nERROR: no such cell$"):
        run_tool("YOSYS", [], tmp_path, "log")


def test_a_tool_that_does_not_come_to_an_end(tmp_path, monkeypatch):
    monkeypatch.setenv("YOSYS", str(script(tmp_path / "own", "echo $$ > pid; exec sleep 60")))
    with pytest.raises(OutOfTime, match=r"YOSYS was stopped after 0.01 minutes, see .*log$"):
        run_tool("YOSYS", [], tmp_path, "log", limit=0.6)
    with pytest.raises(ProcessLookupError):
        os.kill(int((tmp_path / "pid").read_text()), 0)


def test_a_tool_that_is_not_there(tmp_path, monkeypatch):
    monkeypatch.setenv("YOSYS", "/nowhere/yosys")
    with pytest.raises(BuildError, match="YOSYS=/nowhere/yosys: No such file"):
        run_tool("YOSYS", [], tmp_path, "log")


def test_a_package_that_is_not_installed(tmp_path, monkeypatch):
    monkeypatch.delenv("YOSYS", raising=False)
    monkeypatch.setitem(tools._SCRIPTS, "YOSYS", ("no-such-yosys", "no-such-package"))
    with pytest.raises(BuildError, match=r"no-such-yosys is not installed: pip install 'onward\[build\]'"):
        run_tool("YOSYS", [], tmp_path, "log")
    assert tool_version("YOSYS") == "no-such-package (not installed)"
