"""Additions with a choice: what they give, and that the ECP5's carry cells give the same."""

from pathlib import Path

import pytest
from amaranth.hdl import Module, Signal, signed
from amaranth.lib import wiring
from amaranth.lib.wiring import In, Out
from amaranth.sim import Simulator
from hypothesis import given, settings
from hypothesis import strategies as st

from onward.hw.core import carry_chain
from onward.hw.core.carry_chain import add_chosen, add_or_subtract
from onward.sim.formal.netlist import SolverError

from .ecp5_cells import prove_same

BITS = 9


class Chosen(wiring.Component):
    """``base`` plus the chosen number."""

    base: In(signed(8))
    first: In(signed(6))
    second: In(signed(7))
    choice: In(1)
    total: Out(signed(BITS))

    def __init__(self, bits: int = BITS) -> None:
        self.bits = bits
        super().__init__()

    def elaborate(self, platform: object) -> Module:
        m = Module()
        numbers = self.first, self.second
        m.d.comb += self.total.eq(add_chosen(m, platform, self.base, numbers, self.choice, self.bits))
        return m


def wrapped(value: int, bits: int) -> int:
    return (value + (1 << bits - 1)) % (1 << bits) - (1 << bits - 1)


@given(st.integers(-128, 127), st.integers(-32, 31), st.integers(-64, 63), st.integers(0, 1))
@settings(max_examples=50)
def test_adds_the_chosen_number(base: int, first: int, second: int, choice: int) -> None:
    dut = Chosen(7)
    inputs = [(dut.base, base), (dut.first, first), (dut.second, second), (dut.choice, choice)]
    assert settled(dut, inputs, dut.total) == wrapped(base + (first, second)[choice], 7)


@given(st.integers(-128, 127), st.integers(-128, 127), st.integers(0, 1), st.integers(0, 1))
@settings(max_examples=50)
def test_adds_or_subtracts(base: int, operand: int, subtract: int, carry: int) -> None:
    left, right, minus, low = Signal(signed(8)), Signal(signed(8)), Signal(), Signal()
    m = Module()
    total = add_or_subtract(m, left, right, minus, 8, low)
    inputs = [(left, base), (right, operand), (minus, subtract), (low, carry)]
    expected = base - operand + carry - 1 if subtract else base + operand + carry
    assert settled(m, inputs, total) == wrapped(expected, 8)


@pytest.mark.parametrize("bits", [BITS, BITS - 1])
def test_carry_cells_do_the_same(tmp_path: Path, bits: int) -> None:
    prove_same(tmp_path, lambda: Chosen(bits), "CCU2C")


def test_a_wrong_table_is_noticed(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(carry_chain, "_CHOOSE_AND_ADD", carry_chain._CHOOSE_AND_ADD ^ 1 << 9)
    with pytest.raises(SolverError, match="proof did fail"):
        prove_same(tmp_path, Chosen, "CCU2C")


def settled(dut: wiring.Component | Module, inputs: list[tuple[Signal, int]], output: Signal) -> int:
    """The output of combinational logic."""
    values = []

    async def bench(ctx) -> None:  # type: ignore[no-untyped-def]
        for signal, value in inputs:
            ctx.set(signal, value)
        await ctx.delay(1e-9)
        values.append(ctx.get(output))

    simulator = Simulator(dut)
    simulator.add_testbench(bench)
    simulator.run()
    return values[0]
