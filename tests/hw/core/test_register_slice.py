"""Transfers through a register slice: none lost, none twice, in order, one a cycle, and no path through."""

import random
from typing import Any

import pytest
from amaranth.sim import Simulator

from onward.hw.core.register_slice import RegisterSlice

CYCLES = 2000


def run(offers: float, takes: float) -> tuple[list[int], list[int]]:
    """What was taken in and what was given out, with the probabilities of an offer and of a receiver's being ready."""
    dut = RegisterSlice(16)
    rng = random.Random(7)
    entered: list[int] = []
    left: list[int] = []

    async def bench(ctx: Any) -> None:
        offered = None
        for number in range(CYCLES):
            if offered is None and rng.random() < offers:
                offered = number
            ctx.set(dut.i.valid, offered is not None)
            ctx.set(dut.i.payload, offered if offered is not None else 0xDEAD)
            ready, valid = ctx.get(dut.i.ready), ctx.get(dut.o.valid)
            for value in (0, 1):  # neither side sees the other in the same cycle
                ctx.set(dut.o.ready, value)
                assert (ctx.get(dut.i.ready), ctx.get(dut.o.valid)) == (ready, valid)
            taking = rng.random() < takes
            ctx.set(dut.o.ready, taking)
            if ready and offered is not None:
                entered.append(offered)
                offered = None
            if taking and valid:
                left.append(ctx.get(dut.o.payload))
            await ctx.tick()

    simulator = Simulator(dut)
    simulator.add_clock(1e-6)
    simulator.add_testbench(bench)
    simulator.run()
    return entered, left


@pytest.mark.parametrize(("offers", "takes"), ((1, 1), (0.5, 0.5), (1, 0.3), (0.3, 1), (1, 0.9)))
def test_order_and_throughput(offers: float, takes: float) -> None:
    entered, left = run(offers, takes)
    assert left == entered[: len(left)] and len(entered) - len(left) <= 2
    if offers == takes == 1:
        assert len(left) >= CYCLES - 1


def test_two_places() -> None:
    entered, left = run(1, 0)
    assert len(entered) == 2 and not left
