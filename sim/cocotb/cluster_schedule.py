"""Random micro-operations for a cluster, as densely as the sequencer's rules allow, with what shall come of them."""

from __future__ import annotations

import random
from dataclasses import dataclass, field, replace

from onward.hw.core.uop import (
    LOAD_AFTER_STORE_ROW,
    UPDATE_AFTER_UPDATE,
    VECTOR_AFTER_STORE,
    WEIGHT_AFTER_UPDATE,
)
from onward.hw.core.vector_op import HostOp
from onward.hw.spec.config import CoreConfig
from onward.hw.spec.isa import Op, Store

from .cluster_model import ACCUMULATES, READS_ROWS, READS_WORDS, SECOND_PORT, UPDATES, ClusterModel, Micro

__all__ = ["Schedule"]

_PROGRAM_OPS = (Op.MAC, Op.UPD, Op.RED, Op.DOT, Op.ROWS, Op.MACV, Op.MACVV, Op.NOISE, Op.SCAT, Op.LMAC, Op.LUPD, Op.ST)
_SCAN_AFTER_STORE = 7
"""A word is in the vector registers 7 cycles after its micro-operation entered the cluster."""


@dataclass
class Schedule:
    """Inputs and expected outputs by cycle; cycle 0 is the first after the reset.

    ``uops`` : micro-operations; ``scans`` : (word, lane) read for the broadcast.
    ``sums``, ``masks``, ``scan_values`` : what the outputs show in these cycles.
    ``row_saturated``, ``word_saturated`` : the only cycles in which these are high.

    Parameters
    ----------
    config : the core. rng : decides everything. sum_delay : cycles from a micro-operation to its sum.
    model : of the cluster as it is.
    """

    config: CoreConfig
    rng: random.Random
    sum_delay: int
    model: ClusterModel
    uops: dict[int, Micro] = field(default_factory=dict)
    scans: dict[int, tuple[int, int]] = field(default_factory=dict)
    sums: dict[int, int] = field(default_factory=dict)
    masks: dict[int, int] = field(default_factory=dict)
    scan_values: dict[int, int] = field(default_factory=dict)
    row_saturated: set[int] = field(default_factory=set)
    word_saturated: set[int] = field(default_factory=set)
    length: int = 0

    def __post_init__(self) -> None:
        last = self.config.rows - self.config.group
        self._rows = sorted({0, last, *(self.rng.randrange(last + 1) for _ in range(4))})
        # The first, the last and some between, so that every bit of an address matters.
        last_word = self.config.vectors - 1
        self._words = sorted({0, last_word, *(self.rng.randrange(last_word + 1) for _ in range(4))})
        self._row_writes = {-99: -1}
        self._stores = self._row_stores = -99

    def fill(self, count: int) -> None:
        """Known rows and words, ``count`` random micro-operations, and reads of all that they can have changed."""
        rows = sorted({row + member for row in self._rows for member in range(self.config.group)})
        for row in rows:
            self._write_row(row)
        for word in self._words:
            self._add(Micro(Op.MACV, init=1, p1=word))
            for lane in self.model.lanes:
                self._add(Micro(Op.SCAT, lane=lane, m=self._operand()))
            self._add(Micro(Op.ST, p1=word))
        for _ in range(count):
            if self.rng.random() < 0.1:
                self.length += self.rng.randint(1, 9)
            if self.rng.random() < 0.02:
                self._write_row(self.rng.choice(rows))
                # What a row leaves in the accumulators is not rounded: a program has to clear them.
                self._add(
                    replace(self._random(self.rng.choice([op for op in _PROGRAM_OPS if op in ACCUMULATES])), init=1)
                )
            else:
                self._add(self._random())
        for lane in self.model.lanes:
            for row in rows:
                self._add(Micro(HostOp.READ_WEIGHT, row=row, lane=lane, m=1))
            for word in self._words:
                self._add(Micro(HostOp.READ_VECTOR, p1=word, lane=lane, m=1))
        self.length += 16 + self.sum_delay

    def _write_row(self, row: int) -> None:
        """As the host does it."""
        weight = self.config.weight
        for lane in self.model.lanes:
            value = self.rng.randint(weight.min, weight.max) >> self.rng.randrange(weight.bits)
            self._add(Micro(HostOp.LOAD_LANE, init=int(lane == 0), lane=lane, m=value))
        self._add(Micro(HostOp.STORE_ROW, row=row))

    def _operand(self) -> int:
        operand = self.config.operand
        return self.rng.randint(operand.min, operand.max) >> self.rng.randrange(operand.bits)

    def _random(self, op: Op | None = None) -> Micro:
        rng, model = self.rng, self.model
        op = op or rng.choice(_PROGRAM_OPS)
        member = rng.randrange(self.config.group)
        # The lanes' accumulators hold half an element more.
        limit = (1 << (self.config.accumulator_bits - 1)) - model.largest_term - (1 << self.config.accumulator_fraction)
        full = max(map(abs, model.accumulators)) >= limit
        return Micro(
            op,
            row=rng.choice(self._rows) + member,
            p1=rng.choice(self._words),
            p2=rng.choice(self._words),
            lane=rng.choice(model.lanes),
            member=member,
            m=self._operand(),
            init=int(op in ACCUMULATES and (full or rng.random() < 0.1)),
            fine=rng.getrandbits(1),
            function=rng.choice(list(Store)),
        )

    def _add(self, micro: Micro) -> None:
        """Put a micro-operation at the first cycle from here on that the rules allow; maybe scans before it."""
        time = self._earliest(micro)
        for cycle in range(self.length, time + (micro.op not in SECOND_PORT)):
            if cycle >= self._stores + _SCAN_AFTER_STORE and self.rng.random() < 0.3:
                word, lane = self.rng.choice(self._words), self.rng.choice(self.model.lanes)
                self.scans[cycle] = (word, lane)
                self.scan_values[cycle + 3] = self.model.words[word][lane]
        effect = self.model.apply(micro)
        self.uops[time] = micro
        if effect.sum is not None:
            self.sums[time + self.sum_delay] = effect.sum
        if effect.nonzero is not None:
            self.masks[time + 6] = effect.nonzero
            self._stores = time
        if effect.word_saturated:
            self.word_saturated.add(time + 7)
        if effect.row_saturated:
            self.row_saturated.add(time + 8)
        if micro.op in (*UPDATES, HostOp.STORE_ROW):
            self._row_writes[time] = micro.row
        if micro.op == HostOp.STORE_ROW:
            self._row_stores = time
        self.length = time + 1

    def _earliest(self, micro: Micro) -> int:
        time, last = self.length, max(self._row_writes)
        if micro.op in READS_ROWS:
            time = max(time, last + WEIGHT_AFTER_UPDATE + 1)
        if micro.op in READS_WORDS:
            time = max(time, self._stores + VECTOR_AFTER_STORE + 1)
        if micro.op in ACCUMULATES and micro.init:
            time = max(time, self._row_stores + LOAD_AFTER_STORE_ROW + 1)
        if micro.op == Op.NOISE:
            time = max(time, last + UPDATE_AFTER_UPDATE + 1)
        if micro.op in UPDATES:
            single_port = self.config.memory == "spram"
            for write, row in self._row_writes.items():
                if row == micro.row or single_port:
                    time = max(time, write + UPDATE_AFTER_UPDATE + 1)
        for write in [write for write in self._row_writes if write < last - WEIGHT_AFTER_UPDATE]:
            del self._row_writes[write]
        return time
