"""Predicted cycles of a program: what it streams, and where it has to wait for itself.

Instructions are issued in order. Lane instructions take the broadcast unit for one cycle an element; scalar
instructions queue up in front of the scalar unit; an instruction waits until what it reads is there. This is an
estimate for planning: the simulated board counts the cycles.
"""

from __future__ import annotations

from dataclasses import dataclass, field

from onward.hw.spec.config import CoreConfig
from onward.hw.spec.isa import USED_FIELDS, Instruction, Op, Source
from onward.sw.programs.assembler import Program

__all__ = ["LATENCY", "MNIST", "Estimate", "Load", "estimate"]

LATENCY: dict[str, float] = {
    # cycles from the last element of an instruction until another may begin that
    "vector after store": 6,  # uses the stored word as a factor
    "scan after store": 16,  # streams the stored word
    "weight after update": 7,  # multiplies rows just updated
    "sum": 32,  # uses the scalar of RED or DOT
    "element after sum": 40,  # uses the last element of ROWS
    "operand": 3,  # has a scalar that was computed before it
    "first pixel": 2,  # streams a residual: the sample's pixels are fetched ahead
    # of the scalar unit, from taking an instruction to its result
    "scalar": 10,
    "function": 14,  # RSQ, EXP, REC
    "sigmoid": 36,
    "per element": 2,  # of AMAX, DRAW
    "softmax per element": 10,
    # of a whole run
    "start and end": 20,
}
"""Where a program waits, in cycles: the only numbers of this estimate that are not counted from the program."""

_FUNCTIONS = (Op.RSQ, Op.EXP, Op.REC)
_INDEX_RESULTS = (Op.AMAX, Op.DRAW, Op.BEST)
_ELEMENT_OPS = (Op.SMAX, Op.EADD, Op.DRAW, Op.AMAX, Op.STE, Op.LDE, Op.OUTE)


@dataclass(frozen=True)
class Load:
    """What the data are like: fractions of the pixels and of the hidden units that are not zero."""

    pixels: float
    active: float


MNIST = Load(pixels=0.19, active=0.5)
"""150 of 784 pixels; about half of the units."""


@dataclass(frozen=True)
class Estimate:
    """Cycles of one run, and cycles of these in which the multipliers have a product to make."""

    cycles: float
    busy: float


@dataclass
class _Clock:
    """When everything becomes ready, while a program is walked through."""

    config: CoreConfig
    load: Load
    issue: float = 0
    broadcast: float = 0
    scalar_unit: float = 0
    busy: float = 0
    scalars: dict[int, float] = field(default_factory=dict)
    indexes: dict[int, float] = field(default_factory=dict)
    stored_words: dict[int, float] = field(default_factory=dict)
    updated: float = -100
    elements: float = 0

    def step(self, word: Instruction) -> None:
        """Account for one instruction."""
        used = USED_FIELDS[word.op]
        if "ri" in used:
            self.issue = max(self.issue, self.indexes.get(word.ri, 0))
        if word.op.is_vector:
            self._lanes(word)
        elif word.op.is_scalar:
            self._scalar(word)
        else:
            self.issue += 1

    def _lanes(self, word: Instruction) -> None:
        used = USED_FIELDS[word.op]
        ready = max(self.issue + 1, self.broadcast)
        if "s" in used:
            ready = max(ready, self.scalars.get(word.s, 0) + LATENCY["operand"])
        scans = word.op in (Op.MAC, Op.UPD)
        if "p1" in used and word.op is not Op.ST:
            ready = max(ready, self.stored_words.get(word.p1, -100) + LATENCY["vector after store"])
        if "p2" in used and not (scans and word.source != Source.VECTOR):
            wait = LATENCY["scan after store" if scans else "vector after store"]
            ready = max(ready, self.stored_words.get(word.p2, -100) + wait)
        if word.op in (Op.MAC, Op.ROWS, Op.LMAC):
            ready = max(ready, self.updated + LATENCY["weight after update"])
        if word.op is Op.SCAT or (scans and word.source in (Source.ELEMENTS, Source.RESIDUAL)):
            ready = max(ready, self.elements)
        if scans and word.source == Source.RESIDUAL:
            ready += LATENCY["first pixel"]
        products = self._products(word)
        self.busy += products
        self.issue = ready
        twice = 2 if word.op in (Op.UPD, Op.LUPD) and self.config.memory == "spram" else 1
        self.broadcast = ready + max(1, products * twice)
        if word.op is Op.ST:
            self.stored_words[word.p1] = self.broadcast
        elif word.op in (Op.UPD, Op.LUPD):
            self.updated = self.broadcast
        elif word.op in (Op.RED, Op.DOT):
            self.scalars[word.d] = self.broadcast + LATENCY["sum"]
        elif word.op is Op.ROWS:
            self.elements = self.broadcast + LATENCY["element after sum"]

    def _products(self, word: Instruction) -> float:
        """Products that an instruction makes in each lane."""
        if word.op in (Op.MAC, Op.UPD):
            if word.source == Source.SAMPLE:
                return min(word.n, self.config.inputs) * self.load.pixels
            return word.n * (self.load.active if word.source == Source.VECTOR else 1)
        if word.op is Op.ROWS:
            return word.n * word.tiles
        if word.op in (Op.RED, Op.DOT):
            return word.tiles
        if word.op is Op.SCAT:
            return word.n
        if word.op in (Op.LMAC, Op.LUPD):
            return self.config.group
        return 0 if word.op is Op.ST else 1

    def _scalar(self, word: Instruction) -> None:
        used = USED_FIELDS[word.op]
        self.issue += 1
        ready = max(self.issue, self.scalar_unit)
        for name in ("s", "p1"):
            if name in used:
                ready = max(ready, self.scalars.get(getattr(word, name), 0))
        if word.op in _ELEMENT_OPS:
            ready = max(ready, self.elements)
        done = ready + self._latency(word)
        self.scalar_unit = done
        if word.op in _INDEX_RESULTS:
            self.indexes[word.d] = done
        elif "d" in used:
            self.scalars[word.d] = done
        if word.op in (Op.SMAX, Op.EADD, Op.STE):
            self.elements = done

    def _latency(self, word: Instruction) -> float:
        if word.op is Op.LDI:
            return 1
        if word.op in _FUNCTIONS:
            return LATENCY["function"]
        if word.op is Op.SIG:
            return LATENCY["sigmoid"]
        if word.op is Op.SMAX:
            return LATENCY["softmax per element"] * word.n
        if word.op in (Op.AMAX, Op.DRAW, Op.OUTE):
            return LATENCY["per element"] * word.n
        return LATENCY["scalar"]


def estimate(program: Program, entry: str, load: Load = MNIST) -> Estimate:
    """Predict one run of ``program`` from the entry called ``entry``, loops included; branches on a draw not taken."""
    clock = _Clock(program.config, load)
    counters: dict[int, int] = {}
    address = program.entries[entry]
    while (word := program.instructions[address]).op is not Op.END:
        clock.step(word)
        address += 1
        if word.op is Op.SETI:
            counters[word.d] = word.imm
        elif word.op is Op.LOOP:
            # A counter that the program has drawn, not set, may end here: the way on is the longer one.
            counters[word.d] = counters.get(word.d, 1) - 1
            address = word.imm if counters[word.d] else address
    return Estimate(max(clock.issue, clock.broadcast, clock.scalar_unit) + LATENCY["start and end"], clock.busy)
