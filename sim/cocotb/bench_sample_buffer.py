"""The sample buffer against two lists."""

from __future__ import annotations

import random
from dataclasses import dataclass, field
from typing import Any

import cocotb

from onward.hw.core.host_port import SampleTail
from onward.hw.core.sample_buffer import Pixel
from onward.hw.spec.config import CoreConfig

from . import clock
from .checker import Checker
from .driver import StreamDriver
from .gaps import Gaps
from .job import Job
from .pins import pack, read, unpack

__all__ = ["loads_while_reading", "longest_sample"]

_LONGEST = 4096
"""Pixels of the largest sample of any core: its sums fill their registers."""


@dataclass
class _Sample:
    entry: int = 0
    label: int = 0
    pixels: list[tuple[int, int]] = field(default_factory=list)

    @property
    def norm(self) -> int:
        return sum(value * value for _, value in self.pixels)


@cocotb.test(timeout_time=20, timeout_unit="ms")
async def loads_while_reading(dut: Any) -> None:
    """One side loads samples (some are begun twice), the other advances at random times and reads the current one."""
    job = Job.from_environment()
    rng, config = job.random("sample_buffer"), job.config
    count = job.times(40)
    await clock.start(dut, begin=0, pixel__valid=0, tail__valid=0, advance=0, address=0, reset=0)
    queued: list[_Sample] = []
    loader = cocotb.start_soon(_load(dut, config, random.Random(rng.random()), count, queued))
    reader = cocotb.start_soon(_read(dut, random.Random(rng.random()), count, queued))
    await reader
    await loader

    dut["reset"].value = 1
    await clock.cycle(dut)
    dut["reset"].value = 0
    await clock.cycle(dut)
    assert [read(dut[name]) for name in ("waiting", "count", "norm", "label")] == [0, 0, 0, 0], "after a reset"


@cocotb.test(timeout_time=20, timeout_unit="ms")
async def longest_sample(dut: Any) -> None:
    """Number and sum of squares of more pixels than this core has, which the registers have room for; then a reset."""
    rng = Job.from_environment().random("longest sample")
    await clock.start(dut, begin=0, pixel__valid=0, tail__valid=0, advance=0, address=0, reset=0)
    pixels, tails = StreamDriver(dut, "pixel", Gaps(rng, chance=0)), StreamDriver(dut, "tail", Gaps(rng))
    for slot in range(2):
        values = [rng.choice((255, 255, 255, rng.randint(1, 255))) for _ in range(_LONGEST - slot)]
        dut["begin"].value = 1
        await clock.cycle(dut)
        dut["begin"].value = 0
        await pixels.send_all(pack(Pixel, index=0, value=value) for value in values)
        await tails.send(pack(SampleTail, entry=0, label=0))
        await clock.cycle(dut)
        dut["advance"].value = 1
        await clock.cycle(dut)
        dut["advance"].value = 0
        await clock.cycle(dut)
        found = read(dut["count"]), read(dut["norm"])
        expected = len(values), sum(value * value for value in values)
        assert found == expected, f"count and norm are {found} instead of {expected}"


async def _load(dut: Any, config: CoreConfig, rng: random.Random, count: int, queued: list[_Sample]) -> None:
    pixels = StreamDriver(dut, "pixel", Gaps(rng, chance=0.1))
    tails = StreamDriver(dut, "tail", Gaps(rng))
    for _ in range(count):
        while read(dut["slot_free"]) == 0 or rng.random() < 0.2:
            await clock.cycle(dut)
        for aborted in (True, False):
            if aborted and rng.random() < 0.7:
                continue
            sample = _random_sample(config, rng)
            dut["begin"].value = 1
            await clock.cycle(dut)
            dut["begin"].value = 0
            await pixels.send_all(pack(Pixel, index=index, value=value) for index, value in sample.pixels)
        await tails.send(pack(SampleTail, entry=sample.entry, label=sample.label))
        queued.append(sample)
        await clock.cycle(dut)


async def _read(dut: Any, rng: random.Random, count: int, queued: list[_Sample]) -> None:
    checker = Checker("sample")
    for _ in range(count):
        await clock.cycles(dut, rng.randrange(30))
        while read(dut["waiting"]) == 0:
            await clock.cycle(dut)
        sample = queued.pop(0)
        checker.expect(sample.entry, "its entry")
        checker.check(read(dut["entry"]))
        dut["advance"].value = 1
        await clock.cycle(dut)
        dut["advance"].value = 0
        await clock.cycle(dut)
        found = tuple(read(dut[name]) for name in ("count", "norm", "label", "slot_free"))
        checker.expect((len(sample.pixels), sample.norm, sample.label, 1), "its sums")
        checker.check(found)
        for number in rng.sample(range(len(sample.pixels)), len(sample.pixels)):
            dut["address"].value = number
            await clock.cycles(dut, 2)
            pixel = unpack(Pixel, read(dut["data"]))
            checker.expect(sample.pixels[number], f"pixel {number}")
            checker.check((pixel["index"], pixel["value"]))
    checker.finish()


def _random_sample(config: CoreConfig, rng: random.Random) -> _Sample:
    density = rng.choice((0.0, 0.2, 0.5, 1.0))
    chosen = [index for index in range(config.inputs) if rng.random() < density]
    pixels = [(index, rng.choice((1, 255, rng.randint(1, 255)))) for index in chosen]
    # Any entry and any label that fit their registers: the link refuses those that the core has no use for.
    return _Sample(rng.randrange(1 << 12), rng.randrange(1 << 8), pixels)
