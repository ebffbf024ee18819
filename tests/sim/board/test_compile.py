import tempfile
from pathlib import Path

import pytest

from onward.sim.board import compile
from onward.sim.board.build import build_library
from onward.sim.board.compile import SimBuildError

NO_PORTS = "module onward(input clk, input rst);\nendmodule\n"


def check_nothing_left(cache):
    assert not cache.exists()
    assert not list(Path(tempfile.gettempdir()).iterdir())


def test_broken_verilog(cache):
    with pytest.raises(SimBuildError, match="verilator failed\n(.*\n)*.*onward.sv:1.*syntax error"):
        build_library("module onward(;\nendmodule\n")
    check_nothing_left(cache)


def test_broken_harness(cache):
    with pytest.raises(SimBuildError, match="C\\+\\+ compiler failed\n(.*\n)*.*harness.cpp.*error"):
        build_library(NO_PORTS)
    check_nothing_left(cache)


def test_no_compiler(cache, monkeypatch):
    monkeypatch.setenv("CXX", "no-such-compiler")
    with pytest.raises(SimBuildError, match="the C\\+\\+ compiler 'no-such-compiler' does not work"):
        build_library(NO_PORTS)
    check_nothing_left(cache)


def test_missing_tool(tmp_path):
    with pytest.raises(SimBuildError, match="no-such-tool is not installed"):
        compile._run("a tool", ["no-such-tool"], tmp_path, tmp_path)
