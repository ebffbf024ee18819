"""The reduce tree against the sum of its inputs."""

from __future__ import annotations

from typing import Any

import cocotb

from onward.hw.core.reduce_tree import ReduceTree

from . import clock
from .benches import tree_shape
from .checker import Checker
from .job import Job
from .pins import read_signed

__all__ = ["sums"]


@cocotb.test(timeout_time=20, timeout_unit="ms")
async def sums(dut: Any) -> None:
    """New numbers every cycle, extremes among them: the exact sum comes ``latency`` cycles later."""
    job = Job.from_environment()
    rng = job.random("reduce_tree")
    count, bits = tree_shape(job.config)
    latency = ReduceTree(count, bits).latency
    low, high = -(1 << (bits - 1)), (1 << (bits - 1)) - 1
    checker = Checker("sum")
    pins = [dut[f"i__{number}"] for number in range(count)]
    await clock.start(dut, **{f"i__{number}": 0 for number in range(count)})
    for step in range(job.times(400) + latency):
        kind = rng.random()
        if kind < 0.1:
            numbers = [rng.choice((low, high))] * count
        elif kind < 0.3:
            numbers = [rng.choice((low, high, 0, -1)) for _ in pins]
        else:
            numbers = [rng.randint(low, high) for _ in pins]
        for pin, number in zip(pins, numbers, strict=True):
            pin.value = number & ((1 << bits) - 1)
        checker.expect(sum(numbers))
        await clock.cycle(dut)
        if step >= latency:
            checker.check(read_signed(dut.o))
    assert checker.outstanding == latency
