"""A core behind its link and the golden machine, doing the same from power-up on."""

from __future__ import annotations

import random
from typing import Any

import numpy as np
import torch
from numpy.typing import NDArray

from onward.hw.spec.config import CoreConfig
from onward.hw.spec.protocol import Command, Space
from onward.sim.coverage.bins import bins
from onward.sw.driver import frames
from onward.sw.golden.machine import Machine
from onward.sw.golden.sample import Batch, Sample
from onward.sw.golden.state import COUNTED
from onward.sw.programs.assembler import Program

from .host import Host

__all__ = ["Mirror"]

_ALL_ROWS = 16_384
"""Weights up to which every row is read back; of larger memories, those that changed and some of the others."""
_SOME_ROWS = 64


class Mirror:
    """Every method acts on both sides, and raises AssertionError where they differ.

    Parameters
    ----------
    dut : a ``ByteTop`` that has just been reset for the first time: memories are all zero, as in the golden model.
    config : its core.
    rng : decides stalls, and which rows of a large memory are read back.
    """

    def __init__(self, dut: Any, config: CoreConfig, rng: random.Random) -> None:
        self.config = config
        self.host = Host(dut, rng)
        self.machine = Machine(config)
        self.program: Program | None = None
        self._rng = rng
        self._before = self.machine.state.weights.clone()
        self._sample = Sample(torch.zeros(0, dtype=torch.int64), torch.zeros(0, dtype=torch.int64), 0)

    async def load(self, program: Program) -> None:
        """Replace the program."""
        payloads = list(frames.program_payloads(self.config, program.words()))
        await self.host.ask_all(Command.LOAD_PROGRAM, payloads)
        self.program = program

    async def write_rows(self, rows: dict[int, NDArray[np.int32]]) -> None:
        """Write weight rows in this order."""
        payloads = [frames.row_payload(row, values) for row, values in rows.items()]
        await self.host.ask_all(Command.WRITE_ROW, payloads)
        for row, values in rows.items():
            self.machine.state.write_row(row, torch.from_numpy(values))

    async def seed(self, seed: int) -> None:
        """Restart all random generators."""
        await self.host.ask(Command.SEED, frames.seed_payload(seed))
        self.machine.state.seed(seed)

    async def reset(self) -> None:
        """Clear counters and samples."""
        await self.host.ask(Command.RESET)
        self.machine.state.counters.zero_()
        self._sample = Sample(torch.zeros(0, dtype=torch.int64), torch.zeros(0, dtype=torch.int64), 0)

    async def run_samples(self, entry: int, batch: Batch) -> list[list[int]]:
        """Run the program on samples, one loading while another is worked on; returns their results."""
        payloads = []
        for number in range(len(batch)):
            sample = batch[number]
            image = np.zeros(self.config.inputs, dtype=np.uint8)
            image[sample.index.numpy()] = sample.value.numpy()
            payloads.append(frames.sample_payload(image, sample.label, entry))
            self._sample = sample
        answers = await self.host.ask_all(Command.SAMPLE, payloads)
        return [self._expect(entry, batch[number], answer, number) for number, answer in enumerate(answers)]

    async def run(self, entry: int) -> list[int]:
        """Run the program on the sample that is there."""
        answer = await self.host.ask(Command.RUN, frames.run_payload(entry))
        return self._expect(entry, self._sample, answer, 0)

    async def check(self) -> None:
        """Compare counters (but for cycles), vector registers and weight rows."""
        state = self.machine.state
        counters = frames.parse_counters(await self.host.ask(Command.COUNTERS))
        for name, value in zip(COUNTED, state.counters.tolist(), strict=True):
            assert counters[name] == value, f"counter {name}: {counters[name]} instead of {value}"
        bins.counters(counters)
        await self._compare(Space.VECTORS, state.vectors.numpy(), list(range(self.config.vectors)))
        await self._compare(Space.WEIGHTS, state.weights.numpy(), self._chosen_rows())
        self._before = state.weights.clone()
        assert self.host.unread == 0, "a reply that nobody has asked for"

    def _expect(self, entry: int, sample: Sample, answer: bytes, number: int) -> list[int]:
        assert self.program is not None
        expected = self.machine.run(self.program.instructions, entry, sample)
        found = frames.parse_results(answer).tolist()
        where = f"sample {number} from entry {entry}"
        for place, (word, wanted) in enumerate(zip(found, expected, strict=False)):
            assert word == wanted, f"{where}, result {place}: {word:#x} instead of {wanted:#x}"
        assert len(found) == len(expected), f"{where}: {len(found)} results instead of {len(expected)}"
        bins.program(self.program.instructions, entry)
        bins.sample(sample.value, self.config.inputs)
        return expected

    def _chosen_rows(self) -> list[int]:
        if self.config.rows * self.config.lanes <= _ALL_ROWS:
            return list(range(self.config.rows))
        changed = (self.machine.state.weights != self._before).any(dim=1).nonzero().flatten().tolist()
        return sorted({*changed, *self._rng.sample(range(self.config.rows), min(_SOME_ROWS, self.config.rows))})

    async def _compare(self, space: Space, expected: NDArray[Any], rows: list[int]) -> None:
        payloads = [frames.read_row_payload(space, row) for row in rows]
        for row, answer in zip(rows, await self.host.ask_all(Command.READ_ROW, payloads), strict=True):
            found = frames.parse_row(answer, self.config.lanes)
            for lane in np.flatnonzero(found != expected[row]):
                raise AssertionError(
                    f"{space.name.lower()}, row {row}, lane {lane}: {found[lane]} instead of {expected[row][lane]}"
                )
            if space is Space.WEIGHTS:
                bins.row(found, self.config)
            else:
                bins.vector(found)
