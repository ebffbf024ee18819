"""Drives a Core through its host port in Amaranth's simulator, and compares it with the golden model."""

from __future__ import annotations

import random
from collections.abc import Callable, Sequence
from typing import Any

import numpy as np
import torch
from amaranth.sim import Simulator
from numpy.typing import NDArray

from onward.hw.compact.core import CompactCore
from onward.hw.core.core import Core
from onward.hw.core.host_port import RING_BYTES, AccessKind
from onward.hw.spec.config import CoreConfig
from onward.hw.spec.isa import INSTRUCTION_BITS, Instruction
from onward.hw.spec.protocol import COUNTERS
from onward.sw.golden.machine import Machine
from onward.sw.golden.sample import Batch, Sample
from onward.sw.golden.scalar import xorshift32
from onward.sw.golden.state import COUNTED

__all__ = ["CoreBench", "check_generator", "check_programs", "random_batch", "random_weights", "simulate"]


class CoreBench:
    """Host side of one core; every method takes the testbench's context first."""

    def __init__(self, config: CoreConfig, seed: int = 0) -> None:
        self.config = config
        self.dut = CompactCore(config) if config.compact else Core(config)
        self.rng = random.Random(seed)
        self.lanes = range(config.lanes)

    async def pause(self, ctx: Any) -> None:
        """A random gap now and then."""
        if self.rng.random() < 0.2:
            await ctx.tick().repeat(self.rng.randint(1, 20))

    async def send(self, ctx: Any, port: Any, payload: Any) -> None:
        ctx.set(port.payload, payload)
        ctx.set(port.valid, 1)
        await ctx.tick().until(port.ready)
        ctx.set(port.valid, 0)

    async def load_program(self, ctx: Any, program: Sequence[Instruction]) -> None:
        bits = len(self.dut.host.program.payload.word)
        for address, instruction in enumerate(program):
            for first in range(0, INSTRUCTION_BITS, bits):
                word = instruction.encode() >> first & (1 << bits) - 1
                await self.send(ctx, self.dut.host.program, {"address": address, "word": word})

    async def write_row(self, ctx: Any, row: int, values: Sequence[int]) -> None:
        for lane, value in enumerate(values):
            access = {"kind": AccessKind.LOAD_LANE, "row": row, "lane": lane, "value": int(value)}
            await self.send(ctx, self.dut.host.access, access)
        store = {"kind": AccessKind.STORE_ROW, "row": row, "lane": 0, "value": 0}
        await self.send(ctx, self.dut.host.access, store)

    async def read(self, ctx: Any, kind: AccessKind, row: int) -> list[int]:
        values = []
        host = self.dut.host
        for lane in self.lanes:
            await self.send(ctx, host.access, {"kind": kind, "row": row, "lane": lane, "value": 0})
            ctx.set(host.answer.ready, 1)
            values.append((await ctx.tick().sample(host.answer.payload).until(host.answer.valid))[0])
            ctx.set(host.answer.ready, 0)
        return values

    async def load_sample(self, ctx: Any, sample: Sample, entry: int) -> None:
        host = self.dut.host
        await ctx.tick().until(host.slot_free)
        ctx.set(host.sample_begin, 1)
        await ctx.tick()
        ctx.set(host.sample_begin, 0)
        for index, value in zip(sample.index.tolist(), sample.value.tolist(), strict=True):
            await self.pause(ctx)
            await self.send(ctx, host.pixel, {"index": index, "value": value})
        await self.send(ctx, host.sample, {"entry": entry, "label": sample.label})

    async def results(self, ctx: Any) -> list[int]:
        host = self.dut.host
        (count,) = await ctx.tick().sample(host.done.payload.count).until(host.done.valid)
        words = []
        for address in range(count):
            ctx.set(host.result_address.word, address)
            words.append((await ctx.tick().sample(host.result_data))[-1])
            words[-1] = (await ctx.tick().sample(host.result_data))[-1]
        await self.pause(ctx)
        ctx.set(host.done.ready, 1)
        await ctx.tick()
        ctx.set(host.done.ready, 0)
        return words

    async def counters(self, ctx: Any) -> dict[str, int]:
        host = self.dut.host
        if not self.config.compact:
            return {name: ctx.get(host.counters[number]) for number, name in enumerate(COUNTERS)}
        values = {}
        for name in COUNTERS:
            found = []
            for _ in range(RING_BYTES[name]):
                found.append(ctx.get(host.ring_byte))
                ctx.set(host.ring_next, 1)
                await ctx.tick()
            values[name] = int.from_bytes(found, "little")
        ctx.set(host.ring_next, 0)
        return values


def simulate(dut: Any, bench: Callable[[Any], Any]) -> None:
    """Run one testbench until it ends."""
    simulator = Simulator(dut)
    simulator.add_clock(1e-6)
    simulator.add_testbench(bench)
    simulator.run()


async def check_generator(ctx: Any, dut: Any, state: int, cycles: int) -> None:
    """A generator begins in ``state``, and steps as xorshift32 in two of three cycles, when it is asked to."""
    for number in range(cycles):
        assert ctx.get(dut.state) == state
        ctx.set(dut.step, number % 3 != 0)
        await ctx.tick()
        state = xorshift32(state) if number % 3 else state
    ctx.set(dut.step, 0)


def random_batch(config: CoreConfig, count: int, seed: int) -> Batch:
    """Sparse random samples, one of them empty."""
    rng = np.random.default_rng(seed)
    images = rng.integers(0, 256, (count, config.inputs)) * (rng.random((count, config.inputs)) < 0.3)
    images[0] = 0
    return Batch.from_images(images.astype(np.uint8), rng.integers(0, config.classes, count).astype(np.uint8))


def random_weights(config: CoreConfig, seed: int) -> NDArray[np.int32]:
    """Rows of any weight codes, (rows, lanes)."""
    rng = np.random.default_rng(seed)
    weights = rng.integers(config.weight.min, config.weight.max + 1, (config.rows, config.lanes), dtype=np.int32)
    return weights >> rng.integers(0, config.weight_bits, (config.rows, 1), dtype=np.int32)


def check_programs(
    config: CoreConfig,
    program: Sequence[Instruction],
    entries: Sequence[int],
    batch: Batch,
    weights: NDArray[np.int32],
    seed: int = 0,
) -> dict[str, int]:
    """Run each entry on each sample in hardware and golden model; every result, row, vector and counter is equal."""
    machine = Machine(config)
    machine.state.seed(seed)
    machine.state.weights[:] = torch.from_numpy(weights)
    bench = CoreBench(config, seed)
    machine.state.write_row(config.rows - 1, machine.state.weights[-1])
    counters: dict[str, int] = {}

    async def run(ctx: Any) -> None:
        await bench.load_program(ctx, program)
        for row in range(config.rows):
            await bench.write_row(ctx, row, weights[row].tolist())
        await bench.send(ctx, bench.dut.host.seed, seed)
        for entry in entries:
            for number in range(len(batch)):
                expected = machine.run(program, entry, batch[number])
                await bench.load_sample(ctx, batch[number], entry)
                assert await bench.results(ctx) == expected, f"results of sample {number}"
        await ctx.tick().repeat(40)
        for word in range(config.vectors):
            found = await bench.read(ctx, AccessKind.READ_VECTOR, word)
            assert found == machine.state.vectors[word].tolist(), f"vector register {word}"
        for row in range(config.rows):
            found = await bench.read(ctx, AccessKind.READ_WEIGHT, row)
            assert found == machine.state.weights[row].tolist(), f"weight row {row}"
        counters.update(await bench.counters(ctx))
        for name, value in zip(COUNTED, machine.state.counters.tolist(), strict=True):
            assert counters[name] == value, name

    simulate(bench.dut, run)
    return counters
