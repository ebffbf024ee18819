"""A model of the scalar unit: entries one after the other, arithmetic by the golden functions."""

from __future__ import annotations

import random
from collections.abc import Iterator
from dataclasses import dataclass, field

from onward.hw.core.scalar_queue import TAKE
from onward.hw.spec.config import CoreConfig
from onward.hw.spec.formats import ELEMENT, pack_scalar
from onward.hw.spec.isa import INDEX_BITS, SCALAR_REGISTERS, Op
from onward.hw.spec.tables import generator_constant
from onward.sw.golden import scalar

from .pins import wrap

__all__ = ["Entry", "ScalarModel", "random_entry", "random_scalar"]

_UNARY = {Op.RSQ: scalar.rsqrt, Op.SIG: scalar.sigmoid, Op.EXP: scalar.exp, Op.REC: scalar.reciprocal}
_BINARY = {Op.MUL: scalar.mul, Op.ADD: scalar.add, Op.SUB: scalar.sub}
_OPS: tuple[int, ...] = (
    *_UNARY,
    *_BINARY,
    *_BINARY,
    Op.LDI,
    Op.LDI,
    Op.XN,
    Op.SMAX,
    Op.EADD,
    Op.DRAW,
    Op.AMAX,
    Op.STE,
    Op.LDE,
)
_OPS += (Op.BEST, Op.OUTS, Op.OUTI, Op.OUTE, TAKE)

_PLACE = 32
_PLACES = (0x540, 0xAA0)
"""Of elements, in the largest memory."""
_LONG = 0.02
"""Share of the entries that may work on any number of elements."""


@dataclass(frozen=True)
class Entry:
    """A scalar instruction with its index registers resolved; fields as in the unit's ``ScalarEntry``."""

    op: int
    s: int = 0
    p1: int = 0
    d: int = 0
    e: int = 0
    n: int = 0
    imm: int = 0
    index: int = 0
    exclude: int = 0


@dataclass
class ScalarModel:
    """State of the unit, and of the element memory that it works on.

    ``written`` : (register, its value) for each entry with a scalar destination; ``indexes`` : (write, number, value)
    for each entry with an index destination (value None if it is not written); ``results`` : words;
    ``element_entries``, ``saturations`` : how many.
    """

    config: CoreConfig
    elements: list[int]
    norm: int = 0
    scalars: list[int] = field(default_factory=lambda: [0] * SCALAR_REGISTERS)
    written: list[tuple[int, int]] = field(default_factory=list)
    indexes: list[tuple[int, int, int | None]] = field(default_factory=list)
    results: list[int] = field(default_factory=list)
    element_entries: int = 0
    saturations: int = 0

    def __post_init__(self) -> None:
        self.seed(0)

    def seed(self, seed: int) -> None:
        """Restart the generator."""
        self.generator = (generator_constant(self.config.lanes + 1) ^ seed) | 1

    def execute(self, entry: Entry, reduced: Iterator[int]) -> None:
        """Carry out one entry; TAKE draws from ``reduced``."""
        op, a, b = entry.op, self.scalars[entry.s], self.scalars[entry.p1]
        window = slice(entry.e, entry.e + entry.n)
        self.element_entries += op in (Op.SMAX, Op.EADD, Op.DRAW, Op.AMAX, Op.STE, Op.LDE, Op.OUTE)
        if op in _UNARY:
            self._write(entry.d, _UNARY[Op(op)](a))
        elif op in _BINARY:
            self._write(entry.d, _BINARY[Op(op)](a, b))
        elif op == Op.LDI:
            self._write(entry.d, entry.imm)
        elif op == TAKE:
            self._write(entry.d, next(reduced))
        elif op == Op.XN:
            self._write(entry.d, scalar.from_int(self.norm, 16))
        elif op == Op.LDE:
            self._write(entry.d, scalar.from_int(self.elements[entry.e], ELEMENT.fraction))
        elif op == Op.STE:
            self._store(entry.e, scalar.to_fixed(a, ELEMENT.fraction, ELEMENT.bits))
        elif op == Op.EADD:
            self._store(entry.e, scalar.element_add(self.elements[entry.e], wrap(entry.imm, 16)))
        elif op == Op.SMAX:
            self.elements[window] = scalar.softmax(self.elements[window])
        elif op == Op.AMAX:
            self.indexes.append((1, entry.d & 7, scalar.argmax(self.elements[window])))
        elif op == Op.DRAW:
            self.generator = scalar.xorshift32(self.generator)
            exclude = entry.index if entry.exclude else None
            drawn = scalar.draw(self.elements[window], entry.imm & 0xFFFF, exclude, self.generator >> 16)
            self.indexes.append((1, entry.d & 7, drawn))
        elif op == Op.BEST:
            better = scalar.greater(a, b)
            self._write(entry.p1, a if better else b)
            self.indexes.append((int(better), entry.d & 7, entry.index if better else None))
        elif op == Op.OUTS:
            self.results.append(a)
        elif op == Op.OUTI:
            self.results.append(entry.index)
        elif op == Op.OUTE:
            self.results += [value & 0xFFFFFFFF for value in self.elements[window]]

    def _write(self, number: int, value: int) -> None:
        self.scalars[number] = value
        self.written.append((number, value))

    def _store(self, address: int, value: tuple[int, bool]) -> None:
        self.elements[address], saturated = value
        self.saturations += saturated


def random_scalar(rng: random.Random) -> int:
    """Any scalar: mostly of a size that programs use, now and then an extreme one."""
    kind = rng.random()
    if kind < 0.05:
        return 0
    exponent = rng.randint(-128, 127) if kind < 0.2 else rng.randint(-30, 0)
    magnitude = rng.choice((1 << 15, 0xFFFF)) if rng.random() < 0.1 else rng.randint(1 << 15, 0xFFFF)
    return pack_scalar(rng.getrandbits(1), exponent, magnitude)


def random_entry(config: CoreConfig, rng: random.Random) -> Entry:
    """Any entry that programs may hold; what its operation does not use is random, too."""
    op = rng.choice(_OPS)
    if rng.random() < _LONG:
        n = max(1, rng.randint(1, config.elements - 1) >> rng.randrange(12))
        e = rng.randrange(config.elements - n + 1)
    else:
        # Few places, so that what one entry stores others find; of all bits of an address each is 0 in some, 1 in some.
        n = rng.randint(1, min(config.classes, config.elements) if rng.random() < 0.8 else min(24, config.elements))
        room = min(_PLACE, config.elements) - n + 1
        e = min(rng.choice(_PLACES) % config.elements + rng.randrange(room), config.elements - n)
    return Entry(
        op=op,
        s=rng.randrange(SCALAR_REGISTERS),
        p1=rng.randrange(SCALAR_REGISTERS),
        d=rng.randrange(SCALAR_REGISTERS),
        e=e,
        n=n,
        imm=random_scalar(rng) if op == Op.LDI else rng.getrandbits(16) >> rng.randrange(16),
        index=rng.randrange(n) if rng.random() < 0.7 else rng.getrandbits(INDEX_BITS),
        exclude=rng.getrandbits(1),
    )
