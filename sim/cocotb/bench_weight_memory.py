"""The weight memory against a dictionary."""

from __future__ import annotations

from typing import Any

import cocotb

from . import clock
from .checker import Checker
from .job import Job
from .pins import read

__all__ = ["reads_and_writes"]


@cocotb.test(timeout_time=20, timeout_unit="ms")
async def reads_and_writes(dut: Any) -> None:
    """Random reads and writes of few rows: data come one cycle later and hold while nothing is read.

    A cycle never reads the row that it writes (with a single port: never reads and writes), which the unit forbids.
    """
    job = Job.from_environment()
    rng, config = job.random("weight_memory"), job.config
    width = config.cluster_lanes * config.weight_bits
    rows = sorted({0, config.rows - 1, *(rng.randrange(config.rows) for _ in range(6))})
    memory = dict.fromkeys(range(config.rows), 0)
    checker = Checker("row")
    shown: int | None = None
    await clock.start(dut, read=0, read_row=0, write=0, write_row=0, write_data=0)
    for _ in range(job.times(2000)):
        reads, writes = rng.random() < 0.6, rng.random() < 0.5
        read_row, write_row, value = rng.choice(rows), rng.choice(rows), rng.getrandbits(width)
        if reads and (config.memory == "spram" or read_row == write_row):
            writes = False
        dut["read"].value, dut["read_row"].value = int(reads), read_row
        dut["write"].value, dut["write_row"].value, dut["write_data"].value = int(writes), write_row, value
        await clock.cycle(dut)
        if shown is not None:
            checker.expect(shown)
            checker.check(read(dut["read_data"]))
        if reads:
            shown = memory[read_row]
        if writes:
            memory[write_row] = value
    checker.finish(least=job.times(1000))
