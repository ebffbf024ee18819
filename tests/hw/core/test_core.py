"""The whole core against the golden model: random programs, and forward-forward training."""

from dataclasses import replace
from typing import Any

import numpy as np
import pytest
import torch
from amaranth.hdl import ResetInserter, Signal

from onward.hw.core.host_port import AccessKind
from onward.hw.spec.config import CoreConfig
from onward.hw.spec.isa import Op, Source
from onward.hw.spec.presets import PRESETS
from onward.sw.golden.machine import Machine
from onward.sw.golden.sample import Batch
from onward.sw.programs.assembler import Assembler, Program
from onward.sw.programs.ff import build_ff, initial_weights
from onward.sw.programs.pff import build_pff, build_pff_inference
from onward.sw.programs.pff_parameters import PFFParameters
from onward.sw.programs.pff_weights import initial_pff_weights
from onward.sw.programs.random_program import random_program
from tests.hw.core.core_bench import CoreBench, check_programs, random_batch, random_weights, simulate

TINY = PRESETS["tiny"]
SMALL = CoreConfig(
    name="small", inputs=9, hidden=(5,), classes=3, lanes=6, rows=40, group=3, vectors=8, elements=16, program=128
)
IMAGE = (800, -30, 0, 2040, 2041, 32767, 7, 1600, -32768)
"""Elements around the range of a pixel: below 0, above white, equal to a pixel, between two of them."""
SHAPES = {
    "tiny": replace(TINY, rows=40),
    "two clusters, 16 bits": replace(SMALL, lanes=20, group=2, weight_bits=16, operand_bits=16),
    "three lanes, 8 bits": replace(SMALL, lanes=3, weight_bits=8),
    "one lane": replace(SMALL, lanes=1, group=1, weight_bits=12),
    "single port": replace(SMALL, memory="spram"),
}


@pytest.mark.parametrize("shape", SHAPES)
@pytest.mark.parametrize("seed", range(2))
def test_random_programs(shape: str, seed: int) -> None:
    config = SHAPES[shape]
    few = config.lanes > config.cluster_lanes  # many lanes take long here; cocotb has them, too
    program = random_program(config, seed, length=60 if few else 100)
    batch = random_batch(config, 2 if few else 4, seed)
    check_programs(config, program.instructions, [0], batch, random_weights(config, seed), seed)


def chains(config: CoreConfig) -> Program:
    """Every instruction right behind the one that it depends on: each pipeline distance is needed in full."""
    asm = Assembler(config)
    asm.entry("main")
    one, step = asm.constant("one", 1.0), asm.constant("step", 0.01)
    asm.emit(Op.MAC, source=Source.SAMPLE, init=1, s=one, row=1, n=config.inputs)
    for word in range(4):
        asm.emit(Op.ST, p1=word)
        asm.emit(Op.UPD, source=Source.CONST, s=step, row=30 + word, n=1, p1=word)
        asm.emit(Op.UPD, source=Source.CONST, s=step, row=30 + word, n=1, p1=word)
        asm.emit(Op.UPD, source=Source.CONST, s=step, row=30 + word, n=1, p1=word)
        asm.emit(Op.MAC, source=Source.CONST, init=1, s=one, row=30 + word, n=1)
        asm.emit(Op.ST, p1=word)
        asm.emit(Op.MAC, source=Source.VECTOR, init=1, s=one, row=2, n=config.lanes, p2=word)
        asm.emit(Op.ST, p1=word)
        asm.emit(Op.DOT, d=asm.scalar("dot"), p1=word, p2=max(0, word - 1), tiles=1)
        asm.emit(Op.MAC, source=Source.VECTOR, s=one, row=3, n=config.lanes, p2=word)
        asm.emit(Op.MACVV, p1=word, p2=max(0, word - 1))
        asm.emit(Op.MAC, source=Source.VECTOR, s=one, row=4, n=config.lanes, p2=word)
        asm.emit(Op.OUTS, s=asm.scalar("dot"))
        # A scan that finds nothing is over sooner than one that does.
        asm.emit(Op.DOT, d=asm.scalar("other"), p1=word, p2=max(0, word - 1), tiles=1)
        asm.emit(Op.MAC, source=Source.VECTOR, s=one, row=4, n=config.lanes, p2=6)
        asm.emit(Op.OUTS, s=asm.scalar("other"))
    asm.emit(Op.END)
    return asm.assemble()


@pytest.mark.parametrize("shape", ["tiny", "three lanes, 8 bits", "single port"])
def test_dependent_instructions_back_to_back(shape: str) -> None:
    config = SHAPES[shape]
    program = chains(config)
    batch = random_batch(config, 3, 5)
    check_programs(config, program.instructions, [0], batch, random_weights(config, 5), 5)


def residuals(config: CoreConfig) -> Program:
    """Errors of a generated image in MAC and UPD, next to all that writes elements or reads the sample."""
    asm = Assembler(config)
    n = config.inputs
    asm.entry("main")
    one, step = asm.constant("one", 1.0), asm.constant("step", 0.01)
    for j in range(n):
        asm.emit(Op.STE, s=asm.constant("pixel", IMAGE[j % len(IMAGE)] / 2048), e=j)
    asm.emit(Op.MAC, source=Source.RESIDUAL, init=1, s=one, row=1, n=n)
    asm.emit(Op.ST, p1=0)
    asm.emit(Op.UPD, source=Source.RESIDUAL, s=step, row=3, n=n, p1=0)
    asm.emit(Op.UPD, source=Source.RESIDUAL, fine=1, neg=1, s=step, row=5, n=n - 3, p1=0)
    asm.emit(Op.UPD, source=Source.SAMPLE, s=step, row=3, n=n, p1=0)
    asm.emit(Op.MAC, source=Source.RESIDUAL, init=1, neg=1, s=one, row=3, n=1)
    asm.emit(Op.MAC, source=Source.RESIDUAL, s=one, row=2, n=n - 1, e=1)
    asm.emit(Op.EADD, e=n - 1, imm=77)
    asm.emit(Op.MAC, source=Source.ELEMENTS, s=one, row=2, n=n)
    asm.emit(Op.ST, p1=1)
    asm.emit(Op.MAC, source=Source.RESIDUAL, init=1, s=one, row=4, n=n)
    asm.emit(Op.ROWS, s=step, row=0, n=n, p1=1, e=0, tiles=1)
    asm.emit(Op.UPD, source=Source.RESIDUAL, s=step, row=2, n=n, p1=0)
    asm.emit(Op.ST, p1=2)
    asm.emit(Op.OUTE, e=0, n=n)
    asm.emit(Op.END)
    return asm.assemble()


@pytest.mark.parametrize("shape", SHAPES)
def test_residuals(shape: str) -> None:
    """Samples without a pixel, with all of them, with some, and with nothing but the first and the last."""
    config = SHAPES[shape]
    n = config.inputs
    images = np.zeros((4, n), dtype=np.uint8)
    images[1] = [max(1, min(255, IMAGE[j % len(IMAGE)] // 8 + j % 2)) for j in range(n)]
    images[2, 1::3] = 200
    images[3, [0, -1]] = 255
    batch = Batch.from_images(images, np.zeros(4, dtype=np.uint8))
    check_programs(config, residuals(config).instructions, [0], batch, random_weights(config, 8), 8)


def test_ff_training_and_inference() -> None:
    program = build_ff(TINY)
    weights = initial_weights(program, 3)
    batch = random_batch(TINY, 6, 3)
    counters = check_programs(TINY, program.instructions, list(program.entries.values()), batch, weights, seed=77)
    assert counters["busy_cycles"] < counters["cycles"]


PFF = replace(TINY, rows=160, vectors=48, elements=48, program=1024)
PFF_SHAPES = {
    "symba": (PFF, PFFParameters(codes=5)),
    "threshold, generator in steps": (
        PFF,
        PFFParameters(codes=5, steps=2, loss="threshold", generator="steps", generator_every=2, negatives="random"),
    ),
    "noise": (
        replace(PFF, hidden=(8, 4)),
        PFFParameters(codes=5, steps=2, noise=0.1, generator_noise=0.1, alpha=0.0, image_from="predicted"),
    ),
}


@pytest.mark.parametrize("shape", PFF_SHAPES)
def test_pff_training(shape: str) -> None:
    """Samples of both circuits, one of them empty."""
    config, parameters = PFF_SHAPES[shape]
    program = build_pff(config, parameters)
    weights = initial_pff_weights(program, 4)
    entries = [program.entries["train"]]
    check_programs(config, program.instructions, entries, random_batch(config, 2, 4), weights, seed=5)


def test_pff_use() -> None:
    """Classification, codes and images of one sample."""
    program = build_pff_inference(PFF, PFFParameters(codes=5))
    weights = initial_pff_weights(program, 4)
    image = np.arange(0, 200, 10, dtype=np.uint8)
    batch = Batch.from_images(image[None], np.array([1], dtype=np.uint8))
    check_programs(PFF, program.instructions, list(program.entries.values()), batch, weights, seed=6)


def test_a_program_waits_for_the_row_accesses_before_it() -> None:
    """Reads that wait for room are answered with what was there before the program that is started behind them."""
    config = SHAPES["tiny"]
    asm = Assembler(config)
    asm.entry("main")
    one = asm.constant("one", 1.0)
    asm.emit(Op.MAC, source=Source.CONST, init=1, s=one, row=0, n=1)
    asm.emit(Op.ST, p1=0)
    asm.emit(Op.UPD, source=Source.CONST, s=one, row=0, n=1, p1=0)
    asm.emit(Op.END)
    program = asm.assemble()
    bench = CoreBench(config)
    host = bench.dut.host

    async def run(ctx: Any) -> None:
        await bench.load_program(ctx, program.instructions)
        await bench.write_row(ctx, 0, [100] * config.lanes)
        ctx.set(host.access.payload, {"kind": AccessKind.READ_WEIGHT, "row": 0, "lane": 0, "value": 0})
        ctx.set(host.access.valid, 1)
        reads = 0
        for _ in range(300):
            reads += ctx.get(host.access.ready)
            await ctx.tick()
        ctx.set(host.access.valid, 0)
        ctx.set(host.run.payload, 0)
        ctx.set(host.run.valid, 1)
        assert not ctx.get(host.access.ready) and not ctx.get(host.run.ready)
        ctx.set(host.answer.ready, 1)
        answers = []
        while len(answers) < reads:
            if ctx.get(host.answer.valid):
                answers.append(ctx.get(host.answer.payload))
            started = ctx.get(host.run.ready)
            await ctx.tick()
            if started:
                ctx.set(host.run.valid, 0)
        assert answers == [100] * reads
        ctx.set(host.answer.ready, 0)
        await bench.results(ctx)
        assert await bench.read(ctx, AccessKind.READ_WEIGHT, 0) == [200] * config.lanes

    simulate(bench.dut, run)


def test_a_program_waits_for_the_seed_before_it() -> None:
    """The generators restart when the updates before have been rounded; a program that follows at once comes later."""
    config = SHAPES["tiny"]
    asm = Assembler(config)
    asm.entry("main")
    one, little = asm.constant("one", 1.0), asm.constant("little", 2.0**-12)
    asm.emit(Op.MAC, source=Source.CONST, init=1, s=one, row=0, n=1)
    asm.emit(Op.ST, p1=0)
    asm.emit(Op.UPD, source=Source.CONST, s=little, row=1, n=16, p1=0)
    asm.emit(Op.END)
    program = asm.assemble()

    def rows(pause: int, seed: int) -> list[list[int]]:
        bench = CoreBench(config)
        host = bench.dut.host
        found = []

        async def run(ctx: Any) -> None:
            await bench.load_program(ctx, program.instructions)
            for row in range(17):
                await bench.write_row(ctx, row, [1000] * config.lanes)
            await bench.send(ctx, host.run, 0)
            await bench.results(ctx)
            await ctx.tick().repeat(pause + 1)
            await bench.send(ctx, host.seed, seed)
            await ctx.tick().repeat(pause + 1)
            await bench.send(ctx, host.run, 0)
            await bench.results(ctx)
            for row in range(17):
                found.append(await bench.read(ctx, AccessKind.READ_WEIGHT, row))

        simulate(bench.dut, run)
        return found

    apart = rows(60, 5)
    assert rows(0, 5) == apart
    assert rows(60, 6) != apart


def test_a_program_right_after_a_reset_waits_for_its_seed() -> None:
    """A reset seeds with 0, and the lanes get that bit by bit."""
    config = SHAPES["tiny"]
    asm = Assembler(config)
    asm.entry("main")
    asm.emit(Op.NOISE, init=1, s=asm.constant("one", 1.0))
    asm.emit(Op.ST, p1=0)
    asm.emit(Op.END)
    program = asm.assemble().instructions
    machine = Machine(config)
    machine.state.seed(0)
    machine.run(program, 0, random_batch(config, 1, 0)[0])
    bench = CoreBench(config)

    async def run(ctx: Any) -> None:
        await bench.load_program(ctx, program)
        await bench.send(ctx, bench.dut.host.run, 0)
        await bench.results(ctx)
        expected = machine.state.vectors[0].tolist()
        assert any(expected)
        assert await bench.read(ctx, AccessKind.READ_VECTOR, 0) == expected

    simulate(bench.dut, run)


@pytest.mark.parametrize("beside", [0, 1])
def test_a_row_access_beside_a_run_waits(beside: int) -> None:
    """Both are ready in that cycle; the run comes first, whole."""
    config = SHAPES["tiny"]
    asm = Assembler(config)
    asm.entry("main")
    asm.emit(Op.MAC, source=Source.CONST, init=1, s=asm.constant("one", 1.0), row=0, n=1)
    asm.emit(Op.ST, p1=0)
    asm.emit(Op.END)
    bench = CoreBench(config)

    async def run(ctx: Any) -> None:
        host = bench.dut.host
        await bench.load_program(ctx, asm.assemble().instructions)
        await bench.write_row(ctx, 0, [1000] * config.lanes)
        await ctx.tick().repeat(120)
        ctx.set(host.run.payload, 0)
        ctx.set(host.access.payload, {"kind": AccessKind.STORE_ROW, "row": 7, "lane": 0, "value": 0})
        assert ctx.get(host.run.ready) and ctx.get(host.access.ready)
        ctx.set(host.run.valid, 1)
        ctx.set(host.access.valid, beside)
        await ctx.tick()
        ctx.set(host.run.valid, 0)
        ctx.set(host.access.valid, 0)
        await bench.results(ctx)
        await ctx.tick().repeat(60)
        assert await bench.read(ctx, AccessKind.READ_VECTOR, 0) == [1000] * config.lanes
        # The row has what the program left in the accumulators, which were 0 before.
        assert all(await bench.read(ctx, AccessKind.READ_WEIGHT, 7)) == beside

    simulate(bench.dut, run)


@pytest.mark.parametrize("cycles", [1, 2, 8])
def test_a_reset_in_a_run_leaves_nothing_behind(cycles: int) -> None:
    """A sample runs and another one waits; after the reset the core rests, and works as one that has just begun.

    But for the samples, which OPEN clears.
    """
    config = SHAPES["tiny"]
    asm = Assembler(config)
    asm.entry("main")
    asm.emit(Op.MAC, source=Source.SAMPLE, init=1, s=asm.constant("one", 1.0), row=0, n=1)
    asm.emit(Op.NOISE, s=asm.constant("little", 2.0**-3))
    asm.emit(Op.ST, p1=0)
    asm.emit(Op.END)
    program = asm.assemble().instructions
    machine = Machine(config)
    machine.state.seed(0)
    batch = random_batch(config, 3, 0)
    bench = CoreBench(config)
    reset = Signal()

    async def run(ctx: Any) -> None:
        host = bench.dut.host
        await bench.load_program(ctx, program)
        for row in range(config.inputs):
            await bench.write_row(ctx, row, [row] * config.lanes)
        for number in (1, 2):
            await bench.load_sample(ctx, batch[number], 0)
        assert ctx.get(host.busy) and not ctx.get(host.slot_free)
        ctx.set(reset, 1)
        await ctx.tick().repeat(cycles)
        ctx.set(reset, 0)
        for _ in range(200):
            assert not ctx.get(host.busy)
            await ctx.tick()
        assert not any(ctx.get(counter) for counter in host.counters)
        for row in range(config.inputs):
            machine.state.write_row(row, torch.full((config.lanes,), row))
        machine.run(program, 0, batch[1])
        await bench.load_sample(ctx, batch[1], 0)
        await bench.results(ctx)
        assert await bench.read(ctx, AccessKind.READ_VECTOR, 0) == machine.state.vectors[0].tolist()

    simulate(ResetInserter(reset)(bench.dut), run)
