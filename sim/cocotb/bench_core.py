"""The whole core, through its link, against the golden machine: random programs."""

from __future__ import annotations

from typing import Any

import cocotb

from onward.sw.programs.random_program import random_program

from . import clock
from .job import Job
from .mirror import Mirror
from .stimulus import random_batch, random_rows

__all__ = ["random_programs"]

_ROWS = 96
_LENGTH = 60


@cocotb.test()
async def random_programs(dut: Any) -> None:
    """Random weights, a program of every kind of instruction, samples that overlap: everything is the golden machine's.

    State goes on from one program to the next, so that programs also start from what others have left.
    """
    job = Job.from_environment()
    rng, config = job.random("core"), job.config
    await clock.start(dut, i__valid=0, o__ready=0)
    mirror = Mirror(dut, config, rng)
    for number in range(job.times(4)):
        seed = rng.getrandbits(32)
        dut._log.info("program %d: random_program(config, %d, %d)", number, seed, _LENGTH)
        if rng.random() < 0.5:
            await mirror.reset()
        await mirror.load(random_program(config, seed, _LENGTH))
        await mirror.write_rows(random_rows(config, rng, _ROWS))
        await mirror.seed(seed)
        await mirror.run_samples(0, random_batch(config, rng, 3))
        await mirror.run(0)
        await mirror.check()
