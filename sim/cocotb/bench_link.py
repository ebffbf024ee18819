"""The link in front of a whole core: what it refuses, and that refusing changes nothing."""

from __future__ import annotations

from typing import Any

import cocotb
import numpy as np

from onward.hw.spec.isa import Op
from onward.hw.spec.protocol import Command, Space, Status
from onward.sw.driver import frames
from onward.sw.programs.assembler import Assembler
from onward.sw.programs.random_program import random_program

from . import clock
from .bad_frames import bad_frames
from .host import Host
from .job import Job
from .mirror import Mirror
from .stimulus import random_batch, random_rows

__all__ = ["busy_core", "refused_frames"]


@cocotb.test()
async def refused_frames(dut: Any) -> None:
    """Frames with every kind of mistake between good ones: each has its status, and the core stays as it was.

    Afterwards results, counters, weights and vector registers are those of the golden machine, which has not seen them.
    """
    job = Job.from_environment()
    rng, config = job.random("link"), job.config
    await clock.start(dut, i__valid=0, o__ready=0)
    mirror = Mirror(dut, config, rng)
    host = mirror.host
    await host.open()
    frames.parse_identity(await host.ask(Command.IDENTIFY)).check(config)
    await mirror.load(random_program(config, rng.getrandbits(32), length=40))
    await mirror.write_rows(random_rows(config, rng, 16))
    await mirror.seed(rng.getrandbits(32))
    await mirror.run_samples(0, random_batch(config, rng, 2))
    for _ in range(job.times(2)):
        for bad in bad_frames(config, rng):
            if bad.raw:
                await host.send_raw(bad.raw)
                for _ in range(bad.replies):
                    found = await host.reply(0, 0)
                    assert found.status is Status.BAD_FRAME, f"{bad.name}: {found.status.name}"
            else:
                found = await host.reply(bad.command, await host.send(bad.command, bad.payload, refused=True))
                assert found.status is bad.status, f"{bad.name}: {found.status.name} instead of {bad.status.name}"
            assert not found.payload, f"{bad.name}: a refusal with a payload"
            if rng.random() < 0.2:
                await host.send_raw(bytes(rng.randrange(3)))
                await host.ask(Command.IDENTIFY)
        await mirror.run(0)
        await mirror.check()


@cocotb.test()
async def busy_core(dut: Any) -> None:
    """While a program runs, what needs the core is refused, and what does not is answered; then the results come."""
    job = Job.from_environment()
    rng, config = job.random("busy"), job.config
    await clock.start(dut, i__valid=0, o__ready=0)
    host = Host(dut, rng)
    await host.open()
    row = np.zeros(config.lanes, dtype=np.int64)
    refused = {
        Command.LOAD_PROGRAM: frames.program_payload(0, [0]),
        Command.WRITE_ROW: frames.row_payload(0, row),
        Command.READ_ROW: frames.read_row_payload(Space.WEIGHTS, 0),
        Command.RUN: frames.run_payload(0),
        Command.SEED: frames.seed_payload(1),
        Command.RESET: b"",
        Command.OPEN: b"",
    }
    asm = Assembler(config)
    counter = asm.index("counter", 1 << 20)
    asm.emit(Op.SETI, d=counter, imm=400 + 8 * config.lanes)
    asm.emit(Op.LOOP, d=counter, imm=1)
    asm.emit(Op.OUTI, ri=counter)
    asm.emit(Op.END)
    await host.ask(Command.LOAD_PROGRAM, frames.program_payload(0, asm.assemble().words()))
    running = await host.send(Command.RUN, frames.run_payload(0))
    for command, payload in refused.items():
        found = await host.reply(command, await host.send(command, payload, refused=True))
        assert found.status is Status.BUSY, f"{command.name}: {found.status.name}"
    frames.parse_identity(await host.ask(Command.IDENTIFY)).check(config)
    assert frames.parse_counters(await host.ask(Command.COUNTERS))["samples"] == 0, "the program ended too soon"
    found = await host.reply(Command.RUN, running)
    assert frames.parse_results(found.payload).tolist() == [0]
    for command, payload in refused.items():
        await host.ask(command, payload)
        if command is Command.RUN:
            assert frames.parse_counters(await host.ask(Command.COUNTERS))["samples"] == 2
