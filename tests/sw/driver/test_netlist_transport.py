"""A netlist through the driver. What stands for the netlist is the gateware: ``tests/hw/boards`` has real ones."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from onward.hw.boards.catalogue import BOARDS
from onward.sim.board.build import board_verilog
from onward.sim.cells.translate import NetlistError
from onward.sw.driver import netlist_transport
from onward.sw.driver.board import Board

from .driver_data import TINY

BOARD = "ulx3s-85f"


@pytest.fixture
def built(tmp_path: Path) -> Path:
    (tmp_path / "work").mkdir()
    (tmp_path / "work" / "order.json").write_text(json.dumps({"board": BOARD}))
    (tmp_path / "work" / "onward.json").write_text("{}")
    return tmp_path


def test_the_board_answers(built: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    def translate(netlist: Path, family: str, pins: dict[str, str]) -> str:
        assert netlist == built / "work" / "onward.json"
        assert (family, pins["clk"], pins["rx"]) == ("ecp5", "clk25_0__io", "uart_0__rx__io")
        return board_verilog(TINY, BOARDS[BOARD].divisor(TINY))

    monkeypatch.setattr(netlist_transport, "translate", translate)
    with Board.open(f"netlist:{built}", TINY) as board:
        assert board.name == "netlist"
        board.seed(1)
        assert board.read_weights(1).shape == (1, TINY.lanes)


def test_a_netlist_of_nothing(built: Path) -> None:
    with pytest.raises(NetlistError, match="is no netlist of a synthesised board"):
        Board.open(f"netlist:{built}", TINY)


def test_nothing_was_synthesised(built: Path) -> None:
    (built / "work" / "onward.json").unlink()
    with pytest.raises(NetlistError, match="holds no synthesised netlist"):
        Board.open(f"netlist:{built}", TINY)


@pytest.mark.parametrize("order", ["", "[]", '{"board": "none"}'])
def test_no_folder_of_a_build(built: Path, order: str) -> None:
    (built / "work" / "order.json").write_text(order)
    with pytest.raises(NetlistError, match="is no folder that onward build has made"):
        Board.open(f"netlist:{built}", TINY)
