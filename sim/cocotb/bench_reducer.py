"""The reducer against the golden model's scalars, with an element memory of the full size."""

from __future__ import annotations

import random
from collections import deque
from typing import Any

import cocotb

from onward.hw.core.reducer import ReduceKind, ReduceTag
from onward.hw.spec.formats import ELEMENT, MAGNITUDE_BITS, pack_scalar
from onward.sw.golden import scalar

from . import clock
from .checker import Checker
from .driver import StreamDriver
from .gaps import Gaps
from .job import Job
from .pins import pack, read, read_signed, wrap

__all__ = ["sums_find_their_places"]

_ELEMENTS = 1 << 12
_ALL = {"n": _ELEMENTS, "tiles": 1 << 8}
"""What 0 stands for."""
_ANSWER_BITS = 18
_SETTLE = 20
"""Cycles after which nothing is on its way."""


@cocotb.test(timeout_time=100, timeout_unit="ms")
async def sums_find_their_places(dut: Any) -> None:
    """Instructions of all kinds and sizes, their sums one a cycle or with gaps, tags as early as there is room."""
    job = Job.from_environment()
    rng = job.random("reducer")
    model = _Model(rng, job.config.weight.fraction, len(dut["sum"]))
    await clock.start(dut, tag__valid=0, sum_valid=0)
    cocotb.start_soon(_watch(dut, model))
    tags = StreamDriver(dut, "tag", Gaps(rng))
    largest = [{"n": 0, "tiles": 1}, {"n": 1, "tiles": 0}]
    for number in range(job.times(150)):
        tag = _tag(rng) | (largest.pop() if largest and number % 4 == 3 else {})
        if tag["kind"] == ReduceKind.ROWS and not tag["init"]:
            # The sequencer lets no elements be added to that are still to be written.
            await _rest(dut, model)
        await tags.send(pack(ReduceTag, **tag))
        model.tags.append(tag)
    await _rest(dut, model)
    for checker in model.checkers:
        checker.finish(job.times(10))


async def _rest(dut: Any, model: _Model) -> None:
    await clock.cycle(dut)
    while model.tags:
        await clock.cycle(dut)
    await clock.cycles(dut, _SETTLE)


def _tag(rng: random.Random) -> dict[str, Any]:
    kind = rng.choice(list(ReduceKind))
    return {
        "kind": kind,
        "e": rng.randrange(_ELEMENTS),
        "n": 1 if kind == ReduceKind.HOST else rng.randint(1, rng.choice((1, 3, 40))),
        "tiles": rng.choice((1, 1, 2, rng.randint(1, 20))),
        "init": rng.getrandbits(1),
        "scale": _scale(rng),
    }


def _scale(rng: random.Random) -> int:
    """A scalar that makes an element of a sum of some size; now and then any."""
    exponent = rng.randint(-128, 127) if rng.random() < 0.1 else rng.randint(-48, 5)
    magnitude = rng.choice((1 << 15, 0xFFFF, rng.randint(1 << 15, 0xFFFF)))
    return 0 if rng.random() < 0.05 else pack_scalar(rng.getrandbits(1), exponent, magnitude)


class _Model:
    """What is to come out, and the element memory."""

    def __init__(self, rng: random.Random, weight_fraction: int, bits: int) -> None:
        self.rng = rng
        self._fraction = weight_fraction
        self._bits = bits
        self.tags: deque[dict[str, Any]] = deque()
        """That have been taken, and have sums to come."""
        self.elements = [rng.randint(ELEMENT.min, ELEMENT.max) for _ in range(_ELEMENTS)]
        self.scalars, self.answers, self.places = (Checker(name) for name in ("scalar", "answer", "element"))
        self.checkers = self.scalars, self.answers, self.places
        self._result = self._tile = self._total = 0
        self._size = 0

    def next_sum(self) -> int:
        """A sum for the oldest instruction; the last one of it ends it."""
        tag = self.tags[0]
        if self._tile == 0:
            self._size, self._total = self._draw_size(tag), 0
        limit = 1 << self._size
        part = self.rng.choice((self.rng.randint(-limit, limit - 1), self.rng.choice((-limit, limit - 1, 0))))
        self._total += part
        self._tile += 1
        if self._tile == (tag["tiles"] or _ALL["tiles"]):
            self._expect(tag)
            self._tile = 0
            self._result += 1
            if self._result == (tag["n"] or _ALL["n"]):
                self.places.expect("retired")
                self.tags.popleft()
                self._result = 0
        return part

    def _draw_size(self, tag: dict[str, Any]) -> int:
        """Bits of the parts of a sum. Often such that its element is neither 0 nor saturated."""
        if tag["kind"] == ReduceKind.HOST:
            return _ANSWER_BITS - 1
        exponent = wrap(tag["scale"] >> MAGNITUDE_BITS & 0xFF, 8)
        fitting = self.rng.randint(-2, ELEMENT.bits) - exponent - MAGNITUDE_BITS + self._fraction
        size = fitting if self.rng.random() < 0.7 else self.rng.randrange(self._bits)
        return max(0, min(self._bits - 1, size))

    def _expect(self, tag: dict[str, Any]) -> None:
        note = f"of {tag} result {self._result} total {self._total}"
        if tag["kind"] == ReduceKind.SCALAR:
            self.scalars.expect(scalar.from_int(self._total, 2 * ELEMENT.fraction), note)
        elif tag["kind"] == ReduceKind.HOST:
            self.answers.expect(wrap(self._total, _ANSWER_BITS), note)
        else:
            reduced = scalar.from_int(self._total, self._fraction + ELEMENT.fraction)
            value, cut = scalar.to_fixed(scalar.mul(tag["scale"], reduced), ELEMENT.fraction, ELEMENT.bits)
            place = (tag["e"] + self._result) % _ELEMENTS
            added = value + (0 if tag["init"] else self.elements[place])
            kept = max(ELEMENT.min, min(ELEMENT.max, added))
            self.places.expect((place, kept, cut + (kept != added)), note)


async def _watch(dut: Any, model: _Model) -> None:
    """Plays tree and element memory, and looks at everything that comes out."""
    pause, gaps = 0, Gaps(model.rng, chance=0.1)
    while True:
        sends = bool(model.tags) and pause == 0
        pause = gaps.next() if sends else max(0, pause - 1)
        dut["sum_valid"].value = sends
        if sends:
            dut["sum"].value = model.next_sum() & (1 << len(dut["sum"])) - 1
        await clock.cycle(dut)
        dut["element_read"].value = model.elements[read(dut["element_read_address"])] & 0xFFFF
        if read(dut["scalar_valid"]):
            model.scalars.check(read(dut["scalar"]))
        if read(dut["answer_valid"]):
            model.answers.check(read_signed(dut["answer"]))
        saturated = read(dut["saturated"])
        if read(dut["element_write"]):
            place, value = read(dut["element_address"]), read_signed(dut["element_data"])
            model.places.check((place, value, saturated))
            model.elements[place] = value
        else:
            assert saturated == 0, "a saturation where no element is written"
        if read(dut["retired"]):
            model.places.check("retired")
