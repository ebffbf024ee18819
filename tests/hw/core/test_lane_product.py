"""The lane's multiplier: exact, two cycles, one a cycle; and that an ECP5's block with its registers does the same."""

import random
from pathlib import Path
from typing import Any

import pytest
from amaranth.hdl import C
from amaranth.sim import Simulator

from onward.hw.core import lane_product
from onward.hw.core.lane_product import LaneProduct
from onward.sim.formal.netlist import SolverError

from .ecp5_cells import prove_same


def test_exact_products_two_cycles_later() -> None:
    dut, rng = LaneProduct(18, 18), random.Random(1)
    factors = [(x, y) for x in (-(1 << 17), -1, 0, (1 << 17) - 1) for y in (-(1 << 17), 1, (1 << 17) - 1)]
    factors += [(rng.randrange(-(1 << 17), 1 << 17), rng.randrange(-(1 << 17), 1 << 17)) for _ in range(50)]

    async def bench(ctx: Any) -> None:
        results = []
        for x, y in [*factors, (0, 0), (0, 0)]:
            ctx.set(dut.x, x)
            ctx.set(dut.y, y)
            results.append(ctx.get(dut.product))
            await ctx.tick()
        assert results[2:] == [x * y for x, y in factors]

    simulator = Simulator(dut)
    simulator.add_clock(1e-6)
    simulator.add_testbench(bench)
    simulator.run()


def test_the_block_does_the_same(tmp_path: Path) -> None:
    prove_block(tmp_path)


@pytest.mark.parametrize("port, value", [("i_SIGNEDA", 0), ("i_SIGNEDB", 0), ("p_REG_OUTPUT_CLK", "NONE")])
def test_a_block_in_another_mode_is_noticed(tmp_path: Path, monkeypatch: Any, port: str, value: Any) -> None:
    changed = C(value, 1) if port.startswith("i_") else value
    block = lane_product.Instance
    monkeypatch.setattr(lane_product, "Instance", lambda kind, **ports: block(kind, **{**ports, port: changed}))
    with pytest.raises(SolverError, match="proof did fail"):
        prove_block(tmp_path)


def prove_block(folder: Path) -> None:
    """Factors have 18 bits, for only then a wrong sign shows, but few that may be 1."""
    zeros = [f"{factor}[{bit}]" for factor in "xy" for bit in range(2, 17)]
    prove_same(folder, lambda: LaneProduct(18, 18), "MULT18X18D", helper="ecp5_stage", cycles=3, zeros=zeros)
