"""The scalar unit against the golden model's scalar functions."""

from __future__ import annotations

import random
from dataclasses import asdict
from typing import Any

import cocotb

from onward.hw.core.scalar_queue import ScalarEntry
from onward.hw.core.scalar_unit import IndexDone, ScalarDone, SeedRequest
from onward.hw.spec.formats import ELEMENT
from onward.hw.spec.isa import SCALAR_REGISTERS, Op

from . import clock
from .checker import Checker
from .driver import StreamDriver
from .gaps import Gaps
from .job import Job
from .monitor import StreamMonitor
from .pins import pack, read, read_signed, unpack
from .scalar_model import Entry, ScalarModel, random_entry, random_scalar

__all__ = ["draws_from_all_elements", "holds_elements", "random_entries"]

_INPUTS = ("i__valid", "reduced__valid", "read_address", "element_read", "element_hold", "sample_norm")
_MASK = (1 << ELEMENT.bits) - 1


class _Surroundings:
    """What the core puts around the unit: element memory, a reader of registers, and everyone who awaits its pulses.

    ``holding`` : how often elements are held back, as a chance for each cycle.
    """

    def __init__(self, dut: Any, elements: list[int], rng: random.Random, holding: float) -> None:
        self._dut = dut
        self._rng = rng
        self._holding = holding
        self.elements = elements
        self.scalars = Checker("scalar register")
        self.indexes = Checker("index register")
        self.element_entries = self.saturations = 0
        self.running = cocotb.start_soon(self._run())

    async def _run(self) -> None:
        dut = self._dut
        reads: list[int | None] = [None, None]
        held = 0
        while True:
            if not held and self._rng.random() < self._holding:
                held = self._rng.randint(1, 20)
            dut["element_hold"].value = int(held > 0)
            held -= held > 0
            await clock.cycle(dut)
            if reads[1] is not None:
                self.scalars.check((reads[1], read(dut["read_data"])))
            # The memory returns what was there before a write in the same cycle.
            address = read(dut["element_read_address"]) % len(self.elements)
            dut["element_read"].value = self.elements[address] & _MASK
            if read(dut["element_write"]):
                address = read(dut["element_write_address"]) % len(self.elements)
                self.elements[address] = read_signed(dut["element_data"])
            done = unpack(ScalarDone, read(dut["scalar_done"]))
            reads = [done["number"] if done["valid"] else None, reads[0]]
            if reads[0] is not None:
                dut["read_address"].value = reads[0]
            index = unpack(IndexDone, read(dut["index_done"]))
            if index["valid"]:
                self.indexes.check((index["write"], index["number"], index["value"] if index["write"] else None))
            self.element_entries += read(dut["element_done"])
            self.saturations += read(dut["element_saturation"])


@cocotb.test(timeout_time=200, timeout_unit="ms")
async def random_entries(dut: Any) -> None:
    """Entries of every kind with gaps, reduced scalars that come late, results that are taken late, elements held.

    Every register, index, result, element and saturation is the model's.
    """
    job = Job.from_environment()
    rng, config = job.random("scalar_unit"), job.config
    await clock.start(dut, seed=0, result__ready=0, **dict.fromkeys(_INPUTS, 0))
    elements = [0] * config.elements
    around = _Surroundings(dut, elements, random.Random(rng.random()), holding=0.02)
    results = StreamMonitor(dut, "result", Gaps(random.Random(rng.random()), chance=0.4, longest=30))
    entries = StreamDriver(dut, "i", Gaps(random.Random(rng.random()), chance=0.3))
    reduced = StreamDriver(dut, "reduced", Gaps(random.Random(rng.random()), chance=0.5))
    model = ScalarModel(config, [0] * config.elements)
    words = 0
    for _ in range(job.times(24)):
        seed, model.norm = rng.getrandbits(32), rng.getrandbits(32) >> rng.randrange(32)
        dut["sample_norm"].value = model.norm
        dut["seed"].value = pack(SeedRequest, valid=1, value=seed)
        await clock.cycle(dut)
        dut["seed"].value = 0
        model.seed(seed)
        program = [Entry(op=Op.LDI, d=number, imm=random_scalar(rng)) for number in range(SCALAR_REGISTERS)]
        program += [random_entry(config, rng) for _ in range(120)]
        sums = [random_scalar(rng) for _ in program]
        taken = iter(sums)
        for entry in program:
            before = len(model.written), len(model.indexes)
            model.execute(entry, taken)
            for pair in model.written[before[0] :]:
                around.scalars.expect(pair, f"after {entry}")
            for event in model.indexes[before[1] :]:
                around.indexes.expect(event, f"after {entry}")
        used = len(sums) - len(list(taken))
        feeding = cocotb.start_soon(reduced.send_all(sums[:used]))
        await entries.send_all(pack(ScalarEntry, **asdict(entry)) for entry in program)
        await feeding
        while words < len(model.results):
            assert await results.get() == model.results[words], f"result {words}"
            words += 1
        await _until_idle(dut)
        assert elements == model.elements
    around.scalars.finish()
    around.indexes.finish()
    assert results.waiting == 0, "a result too many"
    assert (around.element_entries, around.saturations) == (model.element_entries, model.saturations)


@cocotb.test(timeout_time=100, timeout_unit="ms")
async def draws_from_all_elements(dut: Any) -> None:
    """An element that is excluded is not drawn, wherever it is, even if there is only one other."""
    job = Job.from_environment()
    rng, config = job.random("draws"), job.config
    await clock.start(dut, seed=0, result__ready=0, **dict.fromkeys(_INPUTS, 0))
    elements = [0] * config.elements
    around = _Surroundings(dut, elements, rng, holding=0)
    entries = StreamDriver(dut, "i")
    for turn in range(job.times(2)):
        number, (excluded, other) = rng.randrange(1, 8), rng.sample(range(config.elements - 1), 2)
        excluded, other = sorted((excluded, other), reverse=turn % 2 == 0)
        elements[excluded], elements[other] = ELEMENT.max, 1
        around.indexes.expect((1, number, other), f"with {excluded} excluded")
        entry = Entry(op=Op.DRAW, d=number, n=config.elements - 1, index=excluded, exclude=1)
        await entries.send(pack(ScalarEntry, **asdict(entry)))
        await _until_idle(dut)
        elements[excluded] = elements[other] = 0
    around.indexes.finish()


@cocotb.test(timeout_time=20, timeout_unit="ms")
async def holds_elements(dut: Any) -> None:
    """An entry that uses elements waits while they are held, and nothing else does."""
    config = Job.from_environment().config
    await clock.start(dut, seed=0, result__ready=0, **dict.fromkeys(_INPUTS, 0))
    entries = StreamDriver(dut, "i")
    dut["element_hold"].value = 1
    dut["element_read"].value = 7
    results = StreamMonitor(dut, "result")
    await entries.send(pack(ScalarEntry, op=Op.OUTI, index=5))
    await entries.send(pack(ScalarEntry, op=Op.OUTE, e=config.elements - 2, n=2))
    await clock.cycles(dut, 100)
    assert results.waiting == 1, "only what came before shall be done"
    assert not read(dut["idle"])
    dut["element_hold"].value = 0
    assert [await results.get() for _ in range(3)] == [5, 7, 7]
    await _until_idle(dut)


async def _until_idle(dut: Any, patience: int = 200_000) -> None:
    for _ in range(patience):
        await clock.cycle(dut)
        if read(dut["idle"]):
            await clock.cycles(dut, 4)
            return
    raise AssertionError(f"the unit is not idle after {patience} cycles")
