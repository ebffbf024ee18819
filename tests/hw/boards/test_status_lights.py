# amaranth: UnusedElaboratable=no
"""What the lights show of short events."""

from __future__ import annotations

import itertools

from amaranth.sim import Simulator

from onward.hw.boards.status_lights import StatusLights

PERIOD = 64


def lights(busy: set[int], refused: set[int], cycles: int) -> tuple[list[int], list[int], list[int]]:
    """The three lights, cycle by cycle, at a clock of which a period has 64 cycles."""
    dut = StatusLights(PERIOD / 1e6 * 0.99)
    seen: tuple[list[int], list[int], list[int]] = ([], [], [])

    async def bench(context):
        for cycle in range(cycles):
            context.set(dut.busy, cycle in busy)
            context.set(dut.refused, cycle in refused)
            await context.tick()
            for values, light in zip(seen, (dut.alive, dut.training, dut.error), strict=True):
                values.append(context.get(light))

    simulator = Simulator(dut)
    simulator.add_clock(1e-6)
    simulator.add_testbench(bench)
    simulator.run()
    return seen


def test_alive_blinks():
    alive, training, error = lights(set(), set(), 4 * PERIOD)
    assert sum(a != b for a, b in itertools.pairwise(alive)) in (7, 8)
    assert sum(alive) == 2 * PERIOD
    assert not any(training) and not any(error)


def test_a_pulse_is_seen_for_half_a_period_at_least():
    for moment in range(10, 10 + PERIOD, 7):
        _, training, error = lights({moment}, {moment + 3}, 4 * PERIOD)
        assert training[moment] and PERIOD // 2 <= sum(training) <= PERIOD + 1
        assert error[moment + 3] and PERIOD // 2 <= sum(error) <= PERIOD + 1


def test_training_stays_on_while_it_lasts():
    _, training, _ = lights(set(range(20, 200)), set(), 400)
    assert all(training[20:200])
    assert not training[-1]
