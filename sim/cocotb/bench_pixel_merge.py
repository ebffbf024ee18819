"""The merge of a generated image with the sample's pixels against a list with all of them."""

from __future__ import annotations

import random
from typing import Any

import cocotb

from onward.hw.core.sample_buffer import Pixel

from . import clock
from .checker import Checker
from .job import Job
from .pins import pack, read

__all__ = ["walks"]

_FIRST = 3
"""Cycles from the start until an index may be taken."""


@cocotb.test(timeout_time=20, timeout_unit="ms")
async def walks(dut: Any) -> None:
    """Images of all densities, indices with random gaps, walks that end early or start while the last index is taken.

    Every index meets its pixel, 0 where the sample has none, in the cycle after; no other cycle shows one.
    """
    job = Job.from_environment()
    rng, inputs = job.random("pixel_merge"), job.config.inputs
    await clock.start(dut, start=0, take=0, count=0, index=0)
    bench = _Bench(dut, rng)
    for _ in range(job.times(60)):
        density, gaps = rng.choice((0.0, 0.1, 0.5, 0.9, 1.0)), rng.choice((0.0, 0.3, 0.8))
        image = [rng.randint(1, 255) * (rng.random() < density) for _ in range(inputs)]
        last = bench.last if rng.random() < 0.5 else None
        ready = await bench.start(image, last)
        for _ in range(_FIRST - 1):
            assert not ready, "an index may be taken too early"
            ready = await bench.cycle()
        assert ready, f"no index may be taken {_FIRST} cycles after the start"
        # Indices go on behind the image: a program may ask for more than there are pixels.
        for index in range(rng.randint(0, inputs + 3)):
            while rng.random() < gaps:
                await bench.cycle()
            bench.last = index + 1
            await bench.cycle(index)
    await bench.cycle()
    bench.values.finish(job.times(60))


class _Bench:
    """Drives a merge beside the memory that it reads, which answers with rubbish behind the last pixel."""

    def __init__(self, dut: Any, rng: random.Random) -> None:
        self.dut, self.rng = dut, rng
        self.values = Checker("pixel")
        self.last: int | None = None
        self._image: list[int] = []
        self._pixels: list[tuple[int, int]] = []
        self._due: tuple[int, str] = (0, "without an index")

    async def start(self, image: list[int], last: int | None) -> bool:
        """Begin a walk; the one before may take its ``last`` index in this cycle."""
        pixels = [(index, value) for index, value in enumerate(image) if value]
        self.dut["start"].value, self.dut["count"].value = 1, len(pixels)
        ready = await self.cycle(last)
        self.dut["start"].value = 0
        self._image, self._pixels, self.last = image, pixels, 0
        return ready

    async def cycle(self, index: int | None = None) -> bool:
        """One cycle, in which ``index`` is taken; returns whether one may be taken in the next."""
        dut = self.dut
        dut["take"].value = int(index is not None)
        dut["index"].value = self.rng.randrange(4096) if index is None else index
        await clock.cycle(dut)
        self.values.expect(*self._due)
        self.values.check(read(dut["value"]))
        if index is None:
            self._due = (0, "without an index")
        else:
            self._due = (self._image[index] if index < len(self._image) else 0, f"of index {index}")
        address = read(dut["address"])
        pixel = self._pixels[address] if address < len(self._pixels) else (address, self.rng.randrange(256))
        dut["data"].value = pack(Pixel, index=pixel[0], value=pixel[1])
        return read(dut["ready"]) == 1
