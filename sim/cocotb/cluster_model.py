"""A model of one cluster of lanes: micro-operations one after the other, in plain integers."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from onward.hw.core.uop import Uop, X, Y
from onward.hw.core.vector_op import HostOp
from onward.hw.spec.config import CoreConfig
from onward.hw.spec.formats import ELEMENT, OPERAND_FRACTION, Fixed
from onward.hw.spec.isa import Op, Store
from onward.hw.spec.tables import generator_constant
from onward.sw.golden.scalar import xorshift32

from .pins import pack, wrap

__all__ = ["ACCUMULATES", "READS_ROWS", "READS_WORDS", "SECOND_PORT", "UPDATES", "ClusterModel", "Effect", "Micro"]

_FLAGS: dict[int, dict[str, Any]] = {
    Op.MAC: {"x": X.WEIGHT, "y": Y.OPERAND, "accumulate": 1, "product": 1},
    Op.UPD: {"x": X.VECTOR, "y": Y.OPERAND, "update": 1, "product": 1},
    Op.RED: {"x": X.VECTOR, "y": Y.SECOND, "reduce": 1, "product": 1},
    Op.DOT: {"x": X.VECTOR, "y": Y.SECOND, "reduce": 1, "product": 1},
    Op.ROWS: {"x": X.WEIGHT, "y": Y.SECOND, "reduce": 1, "product": 1},
    Op.MACV: {"x": X.VECTOR, "y": Y.OPERAND, "accumulate": 1, "product": 1},
    Op.MACVV: {"x": X.VECTOR, "y": Y.SECOND, "accumulate": 1, "product": 1},
    Op.NOISE: {"x": X.NOISE, "y": Y.OPERAND, "accumulate": 1, "product": 1},
    Op.SCAT: {"x": X.ONE, "y": Y.MASKED, "accumulate": 1, "product": 1},
    Op.LMAC: {"x": X.WEIGHT, "y": Y.GROUP, "accumulate": 1, "product": 1, "lateral": 1},
    Op.LUPD: {"x": X.VECTOR, "y": Y.GROUP, "update": 1, "product": 1, "lateral": 1, "fine": 1},
    Op.ST: {"store": 1},
    HostOp.LOAD_LANE: {"x": X.ONE, "y": Y.MASKED, "accumulate": 1},
    HostOp.STORE_ROW: {"x": X.ONE, "y": Y.OPERAND, "store_row": 1},
    HostOp.READ_WEIGHT: {"x": X.WEIGHT, "y": Y.MASKED, "reduce": 1},
    HostOp.READ_VECTOR: {"x": X.VECTOR, "y": Y.MASKED, "reduce": 1},
}
ACCUMULATES = tuple(op for op, flags in _FLAGS.items() if "accumulate" in flags)
UPDATES = (Op.UPD, Op.LUPD)
READS_ROWS = (Op.MAC, Op.ROWS, Op.LMAC, HostOp.READ_WEIGHT)
READS_WORDS = (Op.UPD, Op.RED, Op.DOT, Op.ROWS, Op.MACV, Op.MACVV, Op.LMAC, Op.LUPD, HostOp.READ_VECTOR)
SECOND_PORT = (Op.RED, Op.DOT, Op.ROWS, Op.MACVV, Op.LMAC, Op.LUPD)


@dataclass(frozen=True)
class Micro:
    """A micro-operation: one step of a lane instruction, or of a row access of the host."""

    op: int
    row: int = 0
    p1: int = 0
    p2: int = 0
    lane: int = 0
    member: int = 0
    m: int = 0
    init: int = 0
    fine: int = 0
    function: int = 0

    def encode(self, config: CoreConfig) -> int:
        """The bits of a valid ``Uop``."""
        flags = {"init": self.init, "fine": self.fine, "function": self.function} | _FLAGS[self.op]
        addresses = {name: getattr(self, name) for name in ("row", "p1", "p2", "lane", "member", "m")}
        if self.op in (Op.RED, Op.ROWS):  # as the sequencer does: their second factor comes from the second port, too
            addresses["p2"] = self.p1
        return pack(Uop(config), valid=1, flags=flags, **addresses)


@dataclass(frozen=True)
class Effect:
    """What a micro-operation shows outside: a sum, the mask of a stored word, saturations."""

    sum: int | None = None
    nonzero: int | None = None
    row_saturated: bool = False
    word_saturated: bool = False


class ClusterModel:
    """State of lanes 0 to ``config.cluster_lanes`` - 1 of a core, as ``docs/instruction-set.md`` has it."""

    def __init__(self, config: CoreConfig) -> None:
        self.config = config
        self.lanes = range(config.cluster_lanes)
        self.weights = [[0] * len(self.lanes) for _ in range(config.rows)]
        self.words = [[0] * len(self.lanes) for _ in range(config.vectors)]
        self.accumulators = [0] * len(self.lanes)
        self.seed(0)

    def seed(self, seed: int) -> None:
        """Restart the random generators."""
        self.generators = [(generator_constant(lane) ^ seed) & 0xFFFFFFFF | 1 for lane in self.lanes]

    @property
    def largest_term(self) -> int:
        """No product is larger than this, in units of the accumulators."""
        config = self.config
        operand = config.operand_bits - 1
        terms = {
            config.weight_bits - 1 + operand: config.weight.fraction + OPERAND_FRACTION,
            ELEMENT.bits - 1 + operand: ELEMENT.fraction + OPERAND_FRACTION,
            2 * (ELEMENT.bits - 1): 2 * ELEMENT.fraction,
            config.weight_bits + ELEMENT.bits - 2: config.weight.fraction + ELEMENT.fraction,
        }
        return 1 << max(bits + config.accumulator_fraction - fraction for bits, fraction in terms.items())

    def apply(self, micro: Micro) -> Effect:
        """Carry out one micro-operation."""
        op, config = micro.op, self.config
        if micro.init and op in ACCUMULATES:
            self.accumulators = [0] * len(self.lanes)
        row, first, second = self.weights[micro.row], self.words[micro.p1], self.words[micro.p2]
        masked = [micro.m * (lane == micro.lane) for lane in self.lanes]
        if op == Op.MAC:
            self._add([weight * micro.m for weight in row], config.weight.fraction + OPERAND_FRACTION)
        elif op == Op.MACV:
            self._add([value * micro.m for value in first], ELEMENT.fraction + OPERAND_FRACTION)
        elif op == Op.MACVV:
            self._add([a * b for a, b in zip(first, second, strict=True)], 2 * ELEMENT.fraction)
        elif op == Op.NOISE:
            self._step()
            noise = [wrap(state >> 20, 12) for state in self.generators]
            self._add([value * micro.m for value in noise], ELEMENT.fraction + OPERAND_FRACTION)
        elif op in (Op.SCAT, HostOp.LOAD_LANE):
            self._add([m << ELEMENT.fraction for m in masked], ELEMENT.fraction + OPERAND_FRACTION)
        elif op == Op.LMAC:
            spread = self._spread(second, micro.member)
            products = [max(0, weight) * value for weight, value in zip(row, spread, strict=True)]
            self._add(products, config.weight.fraction + ELEMENT.fraction)
        elif op == Op.UPD:
            form = config.fine_operand if micro.fine else config.operand
            return self._update(micro.row, [value * micro.m for value in first], form)
        elif op == Op.LUPD:
            spread = self._spread(second, micro.member)
            products = [a * b for a, b in zip(first, spread, strict=True)]
            return self._update(micro.row, products, config.fine_operand, only_positive=True)
        elif op == Op.ST:
            return self._store(micro)
        elif op == HostOp.STORE_ROW:
            shift = config.accumulator_fraction - OPERAND_FRACTION
            self.weights[micro.row] = [wrap(value >> shift, config.weight_bits) for value in self.accumulators]
        else:
            factors = {
                Op.RED: (first, first),
                Op.DOT: (first, second),
                Op.ROWS: (row, first),
                HostOp.READ_WEIGHT: (row, masked),
                HostOp.READ_VECTOR: (first, masked),
            }[op]  # type: ignore[index]
            return Effect(sum=sum(a * b for a, b in zip(*factors, strict=True)))
        return Effect()

    def _add(self, products: list[int], fraction: int) -> None:
        shift = self.config.accumulator_fraction - fraction
        self.accumulators = [acc + (term << shift) for acc, term in zip(self.accumulators, products, strict=True)]

    def _step(self) -> None:
        self.generators = [xorshift32(state) for state in self.generators]

    def _spread(self, word: list[int], member: int) -> list[int]:
        """The member of each lane's group: as it is for that lane itself, negative for its neighbours."""
        group = self.config.group
        return [word[lane - lane % group + member] * (1 if lane % group == member else -1) for lane in self.lanes]

    def _update(self, row: int, products: list[int], form: Fixed, only_positive: bool = False) -> Effect:
        config = self.config
        self._step()
        k = ELEMENT.fraction + form.fraction - config.weight.fraction
        saturated = False
        for lane, product in enumerate(products):
            old = self.weights[row][lane]
            if only_positive and old <= 0:
                continue
            random = self.generators[lane] >> 16
            random = random >> (16 - k) if k <= 16 else random << (k - 16)
            value = old + ((product + random) >> k)
            self.weights[row][lane] = max(config.weight.min, min(config.weight.max, value))
            saturated |= self.weights[row][lane] != value
        return Effect(row_saturated=saturated)

    def _store(self, micro: Micro) -> Effect:
        shift = self.config.accumulator_fraction - ELEMENT.fraction
        rounded = [(value + (1 << (shift - 1))) >> shift for value in self.accumulators]
        clipped = [max(ELEMENT.min, min(ELEMENT.max, value)) for value in rounded]
        functions = {
            Store.IDENTITY: lambda value: value,
            Store.RELU: lambda value: max(0, value),
            Store.STEP: lambda value: int(value > 0) << ELEMENT.fraction,
        }
        word = [functions[Store(micro.function)](value) for value in clipped]
        self.words[micro.p1] = word
        nonzero = sum(1 << lane for lane, value in enumerate(word) if value)
        return Effect(nonzero=nonzero, word_saturated=clipped != rounded)
