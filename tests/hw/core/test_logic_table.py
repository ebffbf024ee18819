"""A table made of logic: every row, and that an ECP5's cells give the same."""

import random
from pathlib import Path
from typing import Any

import pytest
from amaranth.hdl import Module
from amaranth.lib import wiring
from amaranth.lib.wiring import In, Out
from amaranth.sim import Simulator

from onward.hw.core import logic_table
from onward.hw.core.logic_table import read_table
from onward.sim.formal.netlist import SolverError

from .ecp5_cells import prove_same

BITS = 5
RNG = random.Random(1)
ROWS = [RNG.getrandbits(BITS) & ~8 | 4 * (place >= 128) for place in range(256)]
"""Bit 3 is always 0, and bit 2 is 1 in the upper half, whatever it is in the lower one."""


class Table(wiring.Component):
    """Reads :data:`ROWS`."""

    address: In(8)
    row: Out(BITS)

    def elaborate(self, platform: object) -> Module:
        m = Module()
        m.d.comb += self.row.eq(read_table(m, platform, ROWS, BITS, self.address))
        return m


def test_every_row() -> None:
    dut = Table()

    async def bench(ctx: Any) -> None:
        for address, row in enumerate(ROWS):
            ctx.set(dut.address, address)
            await ctx.delay(1e-9)
            assert ctx.get(dut.row) == row

    simulator = Simulator(dut)
    simulator.add_testbench(bench)
    simulator.run()


CELLS = ("PFUMX", "L6MUX21")


def test_cells_do_the_same(tmp_path: Path) -> None:
    prove_same(tmp_path, Table, "LUT4", others=CELLS)


def test_an_input_in_another_place_is_noticed(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(
        logic_table, "enumerate", lambda values: enumerate("BACD" if values == "ABCD" else values), raising=False
    )
    with pytest.raises(SolverError, match="proof did fail"):
        prove_same(tmp_path, Table, "LUT4", others=CELLS)
