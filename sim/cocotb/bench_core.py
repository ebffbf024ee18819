"""The whole core, through its link, against the golden machine: random programs."""

from __future__ import annotations

import random
from typing import Any

import cocotb

from onward.hw.spec.config import CoreConfig
from onward.hw.spec.isa import Op, Source
from onward.hw.spec.protocol import Command
from onward.sw.driver import frames
from onward.sw.programs.assembler import Assembler, Program
from onward.sw.programs.random_program import random_program

from . import clock
from .dependent_program import dependent_program
from .host import Host
from .job import Job
from .mirror import Mirror
from .stimulus import random_batch, random_rows

__all__ = ["random_programs", "short_programs", "work_at_once"]

_ROWS = 96
_ISSUE = 2
"""Cycles from one instruction to the next."""
_SLACK = 12
"""Cycles: pipelines run dry."""
_RUNS = 600
"""More than nine bits can count."""


@cocotb.test()
async def short_programs(dut: Any) -> None:
    """Samples that wait while the answers of those before are sent, which takes longer than they do; and many runs.

    Leaves a core in which all memories are zero, as they were.
    """
    job = Job.from_environment()
    rng, config = job.random("short programs"), job.config
    await clock.start(dut, i__valid=0, o__ready=0)
    mirror = Mirror(dut, config, rng)
    await mirror.host.open()
    asm = Assembler(config)
    asm.emit(Op.LAB, d=asm.index("label", config.classes))
    for _ in range(config.results):
        asm.emit(Op.OUTI, ri=1)
    asm.emit(Op.END)
    await mirror.load(asm.assemble())
    for _ in range(job.times(2)):
        await mirror.run_samples(0, random_batch(config, rng, 8))
    for _ in range(_RUNS):
        await mirror.run(config.results + 1)
    await mirror.check()
    await mirror.reset()


@cocotb.test()
async def random_programs(dut: Any) -> None:
    """Random weights, programs of every kind of instruction, samples that overlap: everything is the golden machine's.

    Some programs use all of the memory, some so little of it that each instruction depends on those before. State goes
    on from one to the next.
    """
    job = Job.from_environment()
    rng, config = job.random("core"), job.config
    await clock.start(dut, i__valid=0, o__ready=0)
    mirror = Mirror(dut, config, rng)
    await mirror.host.open()
    for number in range(job.times(4)):
        seed = rng.getrandbits(32)
        program = _program(dut, config, number, seed)
        if rng.random() < 0.5:
            await mirror.reset()
        await mirror.load(program)
        await mirror.write_rows(random_rows(config, rng, _ROWS))
        await mirror.seed(seed)
        await mirror.run_samples(0, random_batch(config, rng, 3))
        await mirror.run(0)
        await mirror.check()


@cocotb.test()
async def work_at_once(dut: Any) -> None:
    """What has nothing to do with each other is worked on at the same time: together it takes as long as the longer."""
    job = Job.from_environment()
    config = job.config
    await clock.start(dut, i__valid=0, o__ready=0)
    host = Host(dut, job.random("at once"))
    await host.open()
    rows, elements = min(config.rows, 80), min(config.elements, 12)
    softmax = [(Op.SMAX, {"e": 0, "n": elements})]
    products = [(Op.MACVV, {"init": 1, "p1": 0, "p2": 1})] * 80
    constants = [(Op.MAC, {"init": 1, "source": Source.CONST, "n": rows, "s": 1})]
    scalars = [(Op.MUL, {"d": 0, "s": 0, "p1": 0})] * 12
    indexes = [(Op.ADDI, {"d": 1, "ri": 1})] * 80

    async def cycles(instructions: list[tuple[Op, dict[str, int]]]) -> int:
        asm = Assembler(config)
        for op, fields in instructions:
            asm.emit(op, **fields)
        asm.emit(Op.END)
        for payload in frames.program_payloads(config, asm.assemble().words()):
            await host.ask(Command.LOAD_PROGRAM, payload)
        before = frames.parse_counters(await host.ask(Command.COUNTERS))["cycles"]
        await host.ask(Command.RUN, frames.run_payload(0))
        return frames.parse_counters(await host.ask(Command.COUNTERS))["cycles"] - before

    for first, second in (
        (softmax, products),
        (softmax, constants),
        (softmax, indexes),
        (constants, scalars),
        (scalars, products),
        (scalars, indexes),
        (constants, indexes),
    ):
        alone = await cycles(first), await cycles(second)
        took = await cycles([*first, *second])
        issued = _ISSUE * min(len(first), len(second))
        assert took <= max(alone) + issued + _SLACK, (
            f"{first[0][0].name} and {second[0][0].name}: {took}, alone {alone}"
        )


def _program(dut: Any, config: CoreConfig, number: int, seed: int) -> Program:
    """Both kinds in turn, somewhat shorter than the memory; the log says how to make it again."""
    if number % 2:
        length = min(400, config.program - 24)
        dut._log.info("program %d: dependent_program(config, random.Random(%d), %d)", number, seed, length)
        return dependent_program(config, random.Random(seed), length)
    length = min(60, config.program - 20)
    dut._log.info("program %d: random_program(config, %d, %d)", number, seed, length)
    return random_program(config, seed, length)
