"""A branch is a register, and synthesis leaves two of them alone that hold the same."""

import re
from typing import Any

from amaranth.back import verilog
from amaranth.hdl import Module
from amaranth.lib.wiring import Component, In, Out
from amaranth.sim import Simulator

from onward.hw.boards.ulx3s import ULX3S_85F
from onward.hw.core.branch import Branch


class Pair(Component):
    """Two branches of one wire."""

    i: In(8)
    o: Out(16)

    def elaborate(self, platform: object) -> Module:
        m = Module()
        for number in range(2):
            m.submodules[f"branch_{number}"] = branch = Branch(8)
            m.d.comb += [branch.i.eq(self.i), self.o.word_select(number, 8).eq(branch.o)]
        return m


def test_latency() -> None:
    dut = Branch(8)

    async def bench(ctx: Any) -> None:
        for value in (5, 200, 0, 7):
            ctx.set(dut.i, value)
            await ctx.tick()
            assert ctx.get(dut.o) == value
            ctx.set(dut.i, 99)
            assert ctx.get(dut.o) == value

    simulator = Simulator(dut)
    simulator.add_clock(1e-6)
    simulator.add_testbench(bench)
    simulator.run()


def test_boards_know_it_by_its_name() -> None:
    modules = re.findall(r"^module \\?(\S+?) ?\(", verilog.convert(Pair(), name="pair"), re.MULTILINE)
    patterns = re.findall(r"\*\.(\w+)_\?", str(ULX3S_85F.options["script_after_read"]))
    kept = [name for name in modules if any(re.fullmatch(rf".*\.{pattern}_.", name) for pattern in patterns)]
    assert sorted(kept) == ["pair.branch_0", "pair.branch_1"]
