"""Additions with a choice: what they give, and that the ECP5's carry cells give the same."""

import re
from pathlib import Path
from types import SimpleNamespace

import pytest
from amaranth.back import rtlil
from amaranth.hdl import Module, Signal, signed
from amaranth.lib import wiring
from amaranth.lib.wiring import In, Out
from amaranth.sim import Simulator
from hypothesis import given, settings
from hypothesis import strategies as st

from onward.hw.core import carry_chain
from onward.hw.core.carry_chain import add_chosen, add_or_subtract
from onward.sim.formal.netlist import SolverError, run_yosys

BITS = 9
ECP5 = SimpleNamespace(device="LFE5U-85F")
CELLS = Path(carry_chain.__file__).parents[2] / "sim" / "cells" / "ecp5.sv"
WRAPPER = """
module CCU2C #(parameter INIT0 = 0, INIT1 = 0, INJECT1_0 = "", INJECT1_1 = "") (
  input CIN, A0, A1, B0, B1, C0, C1, D0, D1, output S0, S1, COUT
);
  MODEL #(.INIT0(INIT0), .INIT1(INIT1), .INJECT1_0(INJECT1_0), .INJECT1_1(INJECT1_1)) model (
    .CIN(CIN), .A({A1, A0}), .B({B1, B0}), .C({C1, C0}), .D({D1, D0}), .S({S1, S0}), .COUT(COUT)
  );
endmodule
"""
"""The model has numbered ports as vectors."""


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
    prove_cells(tmp_path, bits)


def test_a_wrong_table_is_noticed(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(carry_chain, "_CHOOSE_AND_ADD", carry_chain._CHOOSE_AND_ADD ^ 1 << 9)
    with pytest.raises(SolverError, match="proof did fail"):
        prove_cells(tmp_path, BITS)


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


def prove_cells(folder: Path, bits: int) -> None:
    """Prove that the form for the ECP5, of carry cells, equals the plain one."""
    for name, platform in (("plain", None), ("cells", ECP5)):
        text = rtlil.convert(Chosen(bits), platform=platform, name=name)
        assert ("CCU2C" in text) == (name == "cells")
        (folder / f"{name}.il").write_text(text)
    script = f"""
        read_verilog -sv {CELLS.name}
        read_rtlil cells.il
        hierarchy -top cells
        flatten
        read_rtlil plain.il
        proc
        miter -equiv -flatten -make_outputs plain cells miter
        sat -verify -prove trigger 0 miter
    """
    (model,) = re.findall(r"^module CCU2C.*?^endmodule", CELLS.read_text(), re.MULTILINE | re.DOTALL)
    (folder / CELLS.name).write_text(model.replace("CCU2C", "MODEL", 1) + WRAPPER)
    run_yosys(script, folder, 60)
