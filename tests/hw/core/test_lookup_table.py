"""A function of single bits: what it gives, and that an ECP5's lookup tables give the same."""

from pathlib import Path
from typing import Any

import pytest
from amaranth.hdl import Module
from amaranth.lib import wiring
from amaranth.lib.wiring import In, Out
from amaranth.sim import Simulator
from hypothesis import given, settings
from hypothesis import strategies as st

from onward.hw.core import lookup_table
from onward.hw.core.lookup_table import look_up
from onward.sim.formal.netlist import SolverError

from .ecp5_cells import prove_same


class Choice(wiring.Component):
    """``one`` or ``other``, by a bit for all of theirs."""

    choice: In(1)
    one: In(5)
    other: In(5)
    result: Out(5)

    def elaborate(self, platform: object) -> Module:
        m = Module()
        m.d.comb += self.result.eq(look_up(m, platform, choose, 5, self.choice, self.one, self.other))
        return m


def choose(choice: Any, one: Any, other: Any) -> Any:
    return (choice & one) | (~choice & other)


@given(st.integers(0, 1), st.integers(0, 31), st.integers(0, 31))
@settings(max_examples=30)
def test_every_bit_by_itself(choice: int, one: int, other: int) -> None:
    dut = Choice()

    async def bench(ctx: Any) -> None:
        for signal, value in ((dut.choice, choice), (dut.one, one), (dut.other, other)):
            ctx.set(signal, value)
        await ctx.delay(1e-9)
        assert ctx.get(dut.result) == (one if choice else other)

    simulator = Simulator(dut)
    simulator.add_testbench(bench)
    simulator.run()


def test_lookup_tables_do_the_same(tmp_path: Path) -> None:
    prove_same(tmp_path, Choice, "LUT4")


def test_inputs_in_another_order_are_noticed(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(
        lookup_table, "zip", lambda names, values, strict: zip("BACD", values, strict=False), raising=False
    )
    with pytest.raises(SolverError, match="proof did fail"):
        prove_same(tmp_path, Choice, "LUT4")
