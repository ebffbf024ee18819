"""Netlists of a small core for both families, against Python's integers: what synthesis and the models of cells make of
products of two negatives, of sums that wrap, of rounding and of saturation."""

from __future__ import annotations

import json
import random
import struct
from itertools import product

import pytest

from onward.hw.boards.catalogue import BOARDS
from onward.hw.boards.flow import run_synthesis
from onward.sim.board.simulator import Simulator
from onward.sim.cells.translate import NetlistError, translate
from tests.hw.boards.echo import CONFIG, stub_plan

from .corners import ARRIVING, LEAVING, CornerCore, answer

ENDS = (-32768, -32767, -2, -1, 0, 1, 2, 16384, 32767)
"""Factors: among their products and sums are the largest of both signs, halves of a rounding, and a wrap."""
STARTS = (0, 1, 0x3FFF, 0x4000, 0x7FFF, 0xFFFF, 0x7FFF_FFFF, 0x8000_0000, 0xFFFF_FFFF)
HARD = {"ulx3s-25f": "MULT18X18D", "icebreaker": "SB_MAC16"}
POWER_UP = 2_000


@pytest.mark.parametrize("name", HARD)
def test_every_corner(name, tmp_path, monkeypatch):
    board = BOARDS[name]
    stub_plan(board, monkeypatch, CornerCore).extract(tmp_path)
    run_synthesis(tmp_path, lambda what: lambda: None)
    netlist = tmp_path / "onward.json"
    (top,) = (each for each in json.loads(netlist.read_text())["modules"].values() if "top" in each["attributes"])
    assert sum(cell["type"] == HARD[name] for cell in top["cells"].values()) == 3

    pins = {"clk": f"{board.clock}_0__io", "rx": "uart_0__rx__io", "tx": "uart_0__tx__io"}
    verilog = translate(netlist, board.family.cells, pins)
    rng = random.Random(1)
    cases = [*product(ENDS, ENDS, STARTS)]
    cases += [(rng.randrange(-32768, 32768), rng.randrange(-32768, 32768), rng.randrange(1 << 32)) for _ in range(200)]
    divisor = board.divisor(CONFIG)
    with Simulator(CONFIG, "uart", divisor=divisor, verilog=verilog) as simulator:
        simulator.run(POWER_UP)
        for a, b, start in cases:
            simulator.write(struct.pack("<hhI", a, b, start))
            came = simulator.run((ARRIVING + LEAVING + 1) * 10 * divisor)
            assert struct.unpack("<IIIH", came) == tuple(answer(a, b, start)), (a, b, start)


def test_a_cell_without_a_model(tmp_path):
    cells = {"x": {"type": "MAGIC", "connections": {}, "parameters": {}}}
    module = {"attributes": {"top": "1"}, "ports": {}, "cells": cells}
    (tmp_path / "a.json").write_text(json.dumps({"modules": {"onward": module}}))
    with pytest.raises(NetlistError, match=r"sim/cells/ecp5.sv has no model of MAGIC"):
        translate(tmp_path / "a.json", "ecp5", {})


def test_no_netlist(tmp_path):
    (tmp_path / "a.json").write_text("{}")
    with pytest.raises(NetlistError, match="is no netlist of a synthesised board"):
        translate(tmp_path / "a.json", "ecp5", {})
