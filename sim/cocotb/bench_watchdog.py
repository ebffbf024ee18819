"""Programs without an end, on a whole core."""

from __future__ import annotations

from typing import Any

import cocotb

from onward.hw.spec.isa import Op
from onward.hw.spec.protocol import Command, Status
from onward.sw.driver import frames
from onward.sw.programs.assembler import Assembler
from onward.sw.programs.random_program import random_program

from . import clock
from .job import Job
from .mirror import Mirror
from .stimulus import random_batch, random_rows

__all__ = ["watchdog"]

_AT_REST, _AT_WORK = 3, 8
"""Cycles from the bound to the end of a program: if nothing is issued then, and if an OUTI is in the last cycle."""
_STEP, _TURN = 2, 7
"""Cycles of an instruction, and of a loop around one."""
_FIRST = 4
"""Cycles from the start of a program to the issue of its first instruction."""
_LIMIT = 1 << 20
"""Cycles that a simulation can wait for."""


@cocotb.test()
async def watchdog(dut: Any) -> None:
    """A program without an end is ended, says so, and leaves a core that works."""
    job = Job.from_environment()
    rng, config = job.random("watchdog"), job.config
    if config.watchdog > _LIMIT:
        dut._log.warning("the watchdog of %s takes too long to wait for: not checked", config.name)
        return
    await clock.start(dut, i__valid=0, o__ready=0)
    mirror = Mirror(dut, config, rng)
    host = mirror.host
    await host.open()
    # Entered so that the loop issues its instruction in the last cycle possible, or would in the first that is not.
    for missed in (0, 1):
        phase = (config.watchdog - _FIRST + missed) % _TURN
        entered = next(count for count in range(_TURN) if count * _STEP % _TURN == phase)
        asm = Assembler(config)
        for _ in range(entered):
            asm.emit(Op.SETI, d=asm.index("other", 2), imm=1)
        asm.emit(Op.OUTI)
        asm.emit(Op.LOOP, imm=entered)  # I0 is 0: one less is not
        await host.ask(Command.LOAD_PROGRAM, frames.program_payload(0, asm.assemble().words()))
        before = frames.parse_counters(await host.ask(Command.COUNTERS))["cycles"]
        found = await host.reply(Command.RUN, await host.send(Command.RUN, frames.run_payload(0)))
        assert (found.status, found.payload) == (Status.OVERRUN, b""), found
        took = frames.parse_counters(await host.ask(Command.COUNTERS))["cycles"] - before
        expected = config.watchdog + (_AT_REST if missed else _AT_WORK)
        assert took == expected, f"ended after {took} cycles instead of {expected}"
    await mirror.load(random_program(config, rng.getrandbits(32), length=40))
    await mirror.reset()
    await mirror.write_rows(random_rows(config, rng, 16))
    await mirror.run_samples(0, random_batch(config, rng, 2))
    await mirror.check()
