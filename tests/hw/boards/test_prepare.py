# amaranth: UnusedElaboratable=no
"""Inputs of the tools: the same on every machine, and so is what they make of them."""

from __future__ import annotations

import dataclasses
from pathlib import Path

import pytest

from onward.hw.boards.board import Board
from onward.hw.boards.catalogue import BOARDS
from onward.hw.boards.errors import BuildError
from onward.hw.boards.flow import netlist_hash, run_synthesis
from onward.hw.boards.prepare import netlist_file, prepare
from onward.hw.spec.presets import PRESETS, load_preset

from .echo import echo_plan

HERE = Path(__file__).parent
BOARD = BOARDS["icebreaker"]


def test_same_files_whatever_the_hash_seed_and_the_folder(tmp_path, monkeypatch):
    config = load_preset(str(HERE / "check-compact.toml"))
    contents = []
    for seed in ("1", "2"):
        monkeypatch.setenv("PYTHONHASHSEED", seed)
        folder = tmp_path / seed
        folder.mkdir()
        prepare(BOARD, config, folder)
        contents.append({path.name: path.read_bytes() for path in folder.iterdir()})
    assert contents[0] == contents[1]
    assert {"onward.il", "onward.ys", "onward.pcf", "build_onward.sh", "order.json"} <= set(contents[0])
    assert str(Path.cwd()).encode() not in contents[0]["onward.il"]
    assert contents[0]["onward.pcf"] == BOARD.constraints.read_bytes()


def test_same_netlist_from_the_same_files(tmp_path, monkeypatch):
    hashes = set()
    for number in ("1", "2"):
        monkeypatch.setenv("PYTHONHASHSEED", number)
        folder = tmp_path / number
        folder.mkdir()
        echo_plan(BOARD, monkeypatch).extract(folder)
        assert netlist_file(folder) is None
        run_synthesis(folder, lambda what: lambda: None)
        hashes.add(netlist_hash(folder))
    assert len(hashes) == 1


def test_another_design_is_another_netlist(tmp_path):
    for name, text in (("a", "1"), ("b", "2")):
        (tmp_path / name).mkdir()
        (tmp_path / name / "onward.json").write_text('{"creator": "x", "modules": ' + text + "}")
    assert netlist_hash(tmp_path / "a") != netlist_hash(tmp_path / "b")


def test_a_constraint_file_that_disagrees(tmp_path, monkeypatch):
    other = tmp_path / "board.pcf"
    other.write_text(BOARD.constraints.read_text().replace("set_io uart_0__rx__io 6", "set_io uart_0__rx__io 7"))
    monkeypatch.setattr(Board, "constraints", other)
    with pytest.raises(BuildError, match="does not say 'set_io uart_0__rx__io 6'"):
        prepare(BOARD, load_preset(str(HERE / "check-compact.toml")), tmp_path)


def test_an_impossible_clock_is_refused_before_anything_is_written(tmp_path):
    with pytest.raises(BuildError, match="cannot make 5 MHz"):
        prepare(BOARD, dataclasses.replace(PRESETS["icebreaker-compact"], clock_mhz=5.0), tmp_path)
    assert not list(tmp_path.iterdir())
