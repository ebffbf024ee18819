"""Predicted cycles of a program: what it streams, and where it has to wait for itself.

Instructions are issued in order, one every second cycle at most. Lane instructions take the broadcast unit for one
cycle an element; scalar instructions and sums over the lanes queue up in front of the scalar unit, which takes them in
order; an instruction waits until what it reads is there. The waits are those of the sequencer, the broadcast unit and
the scalar unit (``hw/core``). It remains an estimate, because it knows mean shares of zeros instead of data: the
simulated board counts the cycles.
"""

from __future__ import annotations

import math
from dataclasses import dataclass, field

from onward.hw.spec.config import CoreConfig
from onward.hw.spec.isa import USED_FIELDS, Instruction, Op, Source
from onward.hw.spec.limits import COMPACT_LANE_OPS

from .assembler import Program
from .compact_timing import compact_cycles
from .walk import executed

__all__ = ["LATENCY", "MNIST", "Estimate", "Load", "estimate"]

LATENCY: dict[str, int] = {
    # of the lanes, in cycles from the last element of an instruction until another may begin that
    "vector after store": 5,  # uses any stored word as a factor
    "scan after store": 15,  # streams any stored word
    "scan after second": 5,  # the same, behind what has its second factor from a vector register
    "weight after update": 7,  # multiplies rows
    "update after update": 3,
    "sum": 15,  # until RED or DOT is a scalar, and a cycle for each level of the reduce tree
    "element after sum": 20,  # until the last element of ROWS is there, and a cycle for each level
    # before the first element of a source
    "scan": 4,
    "residual": 2,
    # of the sequencer
    "turn": 2,  # from one issue to the next
    "jump": 3,  # cycles lost when LOOP goes back
    "register": 3,  # until a lane instruction may use a scalar that is done, or any an index
    # of the scalar unit
    "queue": 2,  # from the issue of an instruction until it is at the head of an empty queue
    "multiplication": 7,  # more with single-port memory, for every multiplication of an instruction
    # of a whole run
    "start and end": 6,
}
"""Where a program waits, in cycles, beside :data:`_SCALAR`: the only numbers that are not counted from the program."""

_QUEUE = 16
"""Instructions that wait in front of the scalar unit at most."""

_SUMS = 4
"""Instructions that the reduce tree works at, at most."""

_SCALAR = {Op.LDI: 1, Op.OUTS: 2, Op.OUTI: 2, Op.BEST: 4, Op.MUL: 4, Op.XN: 4, Op.STE: 4, Op.ADD: 5}
_SCALAR |= {Op.SUB: 7, Op.RSQ: 5, Op.REC: 5, Op.EADD: 5, Op.LDE: 8, Op.EXP: 9, Op.SIG: 18}
"""Cycles of scalar instructions whatever their elements; signs decide about ADD and SUB: 5, or 7 of a difference."""

_MULTIPLICATIONS = {Op.MUL: 1, Op.RSQ: 1, Op.REC: 1, Op.DRAW: 1, Op.EXP: 2, Op.SIG: 3}

_SECOND = (Op.RED, Op.DOT, Op.ROWS, Op.MACVV, Op.LMAC, Op.LUPD)
_INDEX_RESULTS = (Op.AMAX, Op.DRAW, Op.BEST)
_ELEMENT_OPS = (Op.SMAX, Op.EADD, Op.DRAW, Op.AMAX, Op.STE, Op.LDE, Op.OUTE)


@dataclass(frozen=True)
class Load:
    """What the data are like: shares of what instructions pass over that are not zero.

    Members
    -------
    pixels : of the pixels of a sample.
    active : of the elements of vector registers that are streamed.
    elements : of the element memory that are streamed.
    residual : of the errors of a generated image.
    """

    pixels: float
    active: float
    elements: float = 1.0
    residual: float = 1.0


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
    issue: float = -1
    """Cycle in which the last instruction was issued."""
    broadcast: float = -1
    """Last element of the last lane instruction: the next one may be issued."""
    scalar_unit: float = -1
    busy: float = 0
    scalars: dict[int, float] = field(default_factory=dict)
    indexes: dict[int, float] = field(default_factory=dict)
    queue: list[float] = field(default_factory=list)
    """When each scalar instruction has left the queue."""
    sums: list[float] = field(default_factory=list)
    """When the reduce tree is done with each instruction."""
    stored: float = -100
    second: float = -100
    updated: float = -100
    rows_done: float = -1
    """When the last ROWS has left its elements."""
    elements_done: float = 0
    """When the scalar unit has done its last access to elements."""
    listened: float = 0
    """When the lanes have streamed the element memory."""

    @property
    def end(self) -> float:
        """When all units rest."""
        return max(self.issue, self.broadcast, self.scalar_unit, self.rows_done) + 1

    def step(self, word: Instruction, jumps: bool) -> None:
        """Account for one instruction; ``jumps`` if another than the next follows."""
        used = USED_FIELDS[word.op]
        ready = self.issue + LATENCY["turn"]
        for name in ("ri", "p1i", "p2i"):
            if name in used:
                ready = max(ready, self.indexes.get(getattr(word, name), 0))
        if word.op in _INDEX_RESULTS:
            ready = max(ready, self.indexes.get(word.d, 0))
        if word.op.is_vector:
            self._lanes(word, ready)
        elif word.op.is_scalar:
            self._scalar(word, ready)
        else:
            self.issue = ready + (LATENCY["jump"] if jumps else 0)

    def _lanes(self, word: Instruction, ready: float) -> None:
        used = USED_FIELDS[word.op]
        ready = max(ready, self.broadcast)
        scans = word.op in (Op.MAC, Op.UPD)
        source = Source(word.source) if scans else None
        if "s" in used:
            ready = max(ready, self.scalars.get(word.s, 0))
        if word.op not in (Op.ST, Op.MAC, Op.NOISE, Op.SCAT):
            ready = max(ready, self.stored + LATENCY["vector after store"])
        if source is Source.VECTOR:
            ready = max(ready, self.stored + LATENCY["scan after store"], self.second + LATENCY["scan after second"])
        if word.op in (Op.MAC, Op.ROWS, Op.LMAC):
            ready = max(ready, self.updated + LATENCY["weight after update"])
        if word.op in (Op.UPD, Op.LUPD, Op.NOISE):
            ready = max(ready, self.updated + LATENCY["update after update"])
        listens = word.op is Op.SCAT or source in (Source.ELEMENTS, Source.RESIDUAL)
        if listens:
            ready = max(ready, self.rows_done + 1, self.elements_done + 1)
        if word.op is Op.ROWS:
            ready = max(ready, self.elements_done + 1, 0 if word.init else self.rows_done + 1)
        reduces = word.op in (Op.RED, Op.DOT, Op.ROWS)
        if reduces and len(self.sums) >= _SUMS:
            ready = max(ready, self.sums[-_SUMS] + 1)
        steps = self.steps(word)
        self.busy += 0 if word.op is Op.ST else steps * self.share(word)
        twice = 2 if word.op in (Op.UPD, Op.LUPD) and self.config.memory == "spram" else 1
        first = {Source.VECTOR: LATENCY["scan"], Source.RESIDUAL: LATENCY["residual"]}.get(source, 0) if source else 0
        self.issue = ready
        self.broadcast = ready + max(1, first + steps * twice)
        levels = math.ceil(math.log2(self.config.lanes))
        if word.op is Op.ST:
            self.stored = self.broadcast
        elif word.op in (Op.UPD, Op.LUPD):
            self.updated = self.broadcast
        elif word.op in (Op.RED, Op.DOT):
            self._queue_up(self.broadcast + LATENCY["sum"] + levels, 0)
            self.scalars[word.d] = self.scalar_unit + LATENCY["register"]
        if word.op in _SECOND:
            self.second = self.broadcast
        if reduces:
            self.sums.append(self.broadcast + LATENCY["element after sum"] + levels)
        if word.op is Op.ROWS:
            self.rows_done = self.sums[-1]
        if listens:
            self.listened = self.broadcast + 1

    def steps(self, word: Instruction) -> float:
        """Elements that the broadcast unit steps through: zeros of samples and vectors are passed over."""
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
        return self.config.group if word.op in (Op.LMAC, Op.LUPD) else 1

    def share(self, word: Instruction) -> float:
        """Share of these steps that are work: the element is not 0."""
        shares = {Source.ELEMENTS: self.load.elements, Source.RESIDUAL: self.load.residual}
        return shares.get(Source(word.source), 1.0) if word.op in (Op.MAC, Op.UPD) else 1.0

    def _scalar(self, word: Instruction, ready: float) -> None:
        used = USED_FIELDS[word.op]
        if word.op in _ELEMENT_OPS:
            ready = max(ready, self.listened)
        if len(self.queue) >= _QUEUE:
            ready = max(ready, self.queue[-_QUEUE])
        self.issue = ready
        self._queue_up(self.rows_done + 1 if word.op in _ELEMENT_OPS else 0, self._latency(word))
        known = self.scalar_unit + LATENCY["register"]
        if word.op in _INDEX_RESULTS:
            self.indexes[word.d] = known
        if word.op is Op.BEST:
            self.scalars[word.p1] = known
        elif "d" in used and word.op not in _INDEX_RESULTS:
            self.scalars[word.d] = known
        if word.op in _ELEMENT_OPS:
            self.elements_done = self.scalar_unit

    def _queue_up(self, ready: float, cycles: float) -> None:
        """The scalar unit takes what was issued last when it is free, not before ``ready``, and for some cycles."""
        begin = max(self.issue + LATENCY["queue"], self.scalar_unit)
        self.queue.append(begin)
        self.scalar_unit = max(begin, ready) + cycles

    def _latency(self, word: Instruction) -> float:
        single = self.config.memory == "spram"
        more = LATENCY["multiplication"] * _MULTIPLICATIONS.get(word.op, 0) if single else 0
        if word.op is Op.SMAX:
            return 40 * word.n + 16 if single else 5 * word.n + 23
        if word.op is Op.AMAX:
            return word.n + 5
        if word.op is Op.DRAW:
            return 1.5 * word.n + 10 + more  # on average half of the elements are passed before the one drawn
        if word.op is Op.OUTE:
            return word.n + 2
        return _SCALAR[word.op] + more


def estimate(program: Program, entry: str, load: Load = MNIST) -> Estimate:
    """Predict one run of ``program`` from the entry called ``entry``, loops included; branches on a draw not taken."""
    clock = _Clock(program.config, load)
    steps = [(address, word) for address, word, _ in executed(program, entry)]
    if program.config.compact:
        pixels = program.config.inputs * load.pixels
        cycles = sum(compact_cycles(word, pixels) for _, word in steps)
        busy = sum(
            clock.steps(word) * clock.share(word)
            for _, word in steps
            if word.op in COMPACT_LANE_OPS and word.op is not Op.ST
        )
        return Estimate(cycles, busy)
    following = [*(address for address, _ in steps[1:]), None]
    for (address, word), then in zip(steps, following if steps else (), strict=True):
        clock.step(word, jumps=then not in (address + 1, None))
    return Estimate(clock.end + LATENCY["start and end"], clock.busy)
