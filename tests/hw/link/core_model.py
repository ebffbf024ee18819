"""A core behind a HostPort: enough of one to test commands against, and strict about its contract."""

from __future__ import annotations

import random
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any

from amaranth.hdl import Cat

from onward.hw.core.host_port import AccessKind
from onward.hw.spec.config import CoreConfig
from onward.hw.spec.protocol import COUNTERS

__all__ = ["CoreModel", "Sample", "default_results"]


@dataclass
class Sample:
    """What a slot holds."""

    pixels: list[tuple[int, int]] = field(default_factory=list)
    label: int = 0


def default_results(entry: int, sample: Sample) -> list[int]:
    """``entry`` % 64 words that depend on everything a program could see."""
    total = sum((index + 1) * value for index, value in sample.pixels)
    return [(total * 0x01000193 + entry * 0x10001 + sample.label * 77 + n) & 0xFFFFFFFF for n in range(entry % 64)]


class CoreModel:
    """Acts on the port, and checks that the command unit keeps to the contract.

    ``events`` lists everything that changed the core, in order; ``hold`` keeps programs from ending; ``ticking`` lets
    all counters count; ``shut`` keeps samples out; ``chance`` is that of being ready in a cycle; ``overrun`` lets
    programs be ended by the watchdog.
    """

    def __init__(self, config: CoreConfig, port: Any, *, chance: float = 1.0, seed: int = 0) -> None:
        self.config = config
        self.port = port
        self.chance = chance
        self.rng = random.Random(seed)
        self.events: list[tuple[Any, ...]] = []
        self.results: Callable[[int, Sample], list[int]] = default_results
        self.run_cycles = 10
        self.hold = False
        self.ticking = False
        self.shut = False
        self.counters = [0] * len(COUNTERS)
        self.program: dict[int, int] = {}
        self.weights = [[0] * config.lanes for _ in range(config.rows)]
        self.vectors = [[0] * config.lanes for _ in range(config.vectors)]
        self.loaded = [0] * config.lanes
        self.filling: Sample | None = None
        self.waiting: list[tuple[int, Sample]] = []
        self.current = Sample()
        self.running: int | None = None
        self.left = 0
        self.finished: list[int] | None = None
        self.overrun = False
        self.banks: list[list[int]] = [[], []]
        self.answers: list[int] = []

    @property
    def busy(self) -> bool:
        """As the port's ``busy``."""
        return self.running is not None or bool(self.waiting)

    @property
    def slot_free(self) -> bool:
        """As the port's ``slot_free``."""
        return not self.shut and (self.running is not None) + len(self.waiting) < 2

    async def __call__(self, context: Any) -> None:
        port = self.port
        streams = (port.program, port.pixel, port.sample, port.run, port.access, port.seed)
        names = ("program", "pixel", "sample", "run", "access", "seed")
        strobes = Cat(
            *(each.valid & each.ready for each in streams),
            port.sample_begin,
            port.reset,
            port.answer.valid & port.answer.ready,
            port.done.valid & port.done.ready,
        )
        while True:
            self._drive(context, streams)
            _, _, strobe, address, *payloads = await context.tick().sample(
                strobes, port.result_address, *(each.payload for each in streams)
            )
            results = self.banks[address.bank]
            context.set(port.result_data, results[address.word] if address.word < len(results) else 0xDEADBEEF)
            if strobe:
                for bit, name in enumerate(names):
                    if strobe >> bit & 1:
                        getattr(self, f"_take_{name}")(payloads[bit])
                if strobe >> len(names) & 1:
                    assert self.slot_free, "sample_begin without a free slot"
                    self.filling = Sample()
                if strobe >> len(names) + 1 & 1:
                    assert not self.busy, "reset while busy"
                    self.events.append(("reset",))
                    self.counters = [0] * len(COUNTERS)
                    self.current, self.filling = Sample(), None
                if strobe >> len(names) + 2 & 1:
                    self.answers.pop(0)
                if strobe >> len(names) + 3 & 1:
                    self.running = self.finished = None
            self._step(context.get(port.result_bank))

    def _drive(self, context: Any, streams: tuple[Any, ...]) -> None:
        port = self.port
        for each in streams:
            context.set(each.ready, self.chance == 1 or self.rng.random() < self.chance)
        context.set(port.slot_free, self.slot_free)
        context.set(port.busy, self.busy)
        context.set(port.done.valid, self.finished is not None)
        context.set(port.done.payload, {"count": len(self.finished or ()), "overrun": self.overrun})
        context.set(port.answer.valid, bool(self.answers))
        context.set(port.answer.payload, self.answers[0] if self.answers else 0)
        if self.ticking:
            self.counters = [count + 1 for count in self.counters]
        context.set(port.counters, self.counters)

    def _step(self, bank: int) -> None:
        if self.running is None and self.waiting:
            self.running, self.current = self.waiting.pop(0)
            self.left = self.run_cycles
        elif self.running is not None and self.finished is None and not self.hold:
            self.left -= 1
            self.banks[bank] = [0xBAD0BAD0] * 8
            if self.left <= 0:
                self.banks[bank] = self.finished = self.results(self.running, self.current)

    def _take_program(self, payload: Any) -> None:
        assert not self.busy, "program written while busy"
        assert payload.address < self.config.program
        self.events.append(("program", payload.address, payload.word))
        self.program[payload.address] = payload.word

    def _take_pixel(self, payload: Any) -> None:
        assert self.filling is not None, "pixel before sample_begin"
        assert payload.value != 0, "a zero pixel"
        assert payload.index < self.config.inputs, "a pixel that does not exist"
        assert not self.filling.pixels or payload.index > self.filling.pixels[-1][0], "pixels out of order"
        self.filling.pixels.append((payload.index, payload.value))

    def _take_sample(self, payload: Any) -> None:
        assert self.filling is not None, "sample without sample_begin"
        assert self.slot_free, "a sample too many"
        self.filling.label = payload.label
        self.events.append(("sample", payload.entry, payload.label, tuple(self.filling.pixels)))
        self.waiting.append((payload.entry, self.filling))
        self.filling = None

    def _take_run(self, payload: Any) -> None:
        assert not self.busy, "run while busy"
        self.events.append(("run", payload))
        self.running, self.left = payload, self.run_cycles

    def _take_seed(self, payload: Any) -> None:
        assert not self.busy, "seed while busy"
        self.events.append(("seed", payload))

    def _take_access(self, payload: Any) -> None:
        assert not self.busy, "access while busy"
        if payload.kind == AccessKind.LOAD_LANE:
            self.events.append(("load", payload.lane, payload.value))
            self.loaded[payload.lane] = payload.value
        elif payload.kind == AccessKind.STORE_ROW:
            self.events.append(("store", payload.row))
            self.weights[payload.row] = list(self.loaded)
        else:
            memory = self.weights if payload.kind == AccessKind.READ_WEIGHT else self.vectors
            self.answers.append(memory[payload.row][payload.lane])
