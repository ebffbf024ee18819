# amaranth: UnusedElaboratable=no
"""The reset that a board starts with."""

from __future__ import annotations

from amaranth.hdl import ClockDomain, ClockSignal, Module
from amaranth.sim import Simulator

from onward.hw.boards.power_up import POWER_UP_CYCLES, PowerUp


def resets(locked: list[int]) -> list[int]:
    """The reset of ``sync`` after every cycle, with the PLL's lock as given."""
    m = Module()
    m.domains.outer = ClockDomain(reset_less=True)
    m.submodules.dut = dut = PowerUp()
    m.d.comb += dut.clock.eq(ClockSignal("outer"))
    seen = []

    async def bench(context):
        for level in locked:
            context.set(dut.locked, level)
            await context.tick("outer")
            seen.append(context.get(dut.reset))

    simulator = Simulator(m)
    simulator.add_clock(1e-6, domain="outer")
    simulator.add_testbench(bench)
    simulator.run()
    return seen


def test_reset_ends_long_after_lock():
    seen = resets([0] * 20 + [1] * (POWER_UP_CYCLES + 40))
    end = seen.index(0)
    assert POWER_UP_CYCLES <= end - 20 <= POWER_UP_CYCLES + 8
    assert not any(seen[end:])


def test_losing_lock_resets_again():
    seen = resets([1] * (POWER_UP_CYCLES + 20) + [0] * 5 + [1] * (POWER_UP_CYCLES + 20))
    assert seen[POWER_UP_CYCLES + 18] == 0
    assert all(seen[POWER_UP_CYCLES + 23 : 2 * POWER_UP_CYCLES])
    assert seen[-1] == 0
