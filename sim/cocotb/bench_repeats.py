"""Frames that the line has repeated or lost, in front of a whole core: each command is carried out once."""

from __future__ import annotations

from typing import Any

import cocotb

from onward.hw.spec.protocol import Command, Status
from onward.sw.driver import frames
from onward.sw.programs.random_program import random_program

from . import clock
from .job import Job
from .mirror import Mirror
from .stimulus import random_batch, random_rows

__all__ = ["repeated_frames"]


@cocotb.test()
async def repeated_frames(dut: Any) -> None:
    """Commands that come twice, late or behind a gap: each is carried out once, and its answer can be had again."""
    job = Job.from_environment()
    rng, config = job.random("repeated"), job.config
    await clock.start(dut, i__valid=0, o__ready=0)
    mirror = Mirror(dut, config, rng)
    host = mirror.host
    for command, payload in ((Command.SEED, frames.seed_payload(1)), (Command.RUN, frames.run_payload(0))):
        found = await host.reply(command, await host.send(command, payload, refused=True))
        assert found.status is Status.CLOSED, f"{command.name}: {found.status.name}"
    await host.open()
    await mirror.load(random_program(config, rng.getrandbits(32), length=40))
    await mirror.write_rows(random_rows(config, rng, 16))
    await mirror.seed(rng.getrandbits(32))
    for number in range(job.times(6)):
        await mirror.run_samples(0, random_batch(config, rng, 2))
        if number % 2:
            await mirror.write_rows(random_rows(config, rng, 1))
        for _ in range(4):
            await host.repeat(rng.randrange(1, 3))
        await host.repeat(rng.choice([3, 4, 100, 128, 254]), Status.OUT_OF_ORDER)
        await host.skip(rng.choice([1, 2, 100, 127]))
    await mirror.run(0)
    await mirror.check()
