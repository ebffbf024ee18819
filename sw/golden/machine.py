"""The definition of what every program computes: an instruction interpreter on torch integer tensors.

One instruction after the other, each in the words of ``docs/instruction-set.md``. This is the form to read and to
check against; whole trainings run through the same instructions compiled (:mod:`.kernel`).
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence

import torch
from torch import Tensor

from onward.hw.spec.config import CoreConfig
from onward.hw.spec.formats import ELEMENT, PIXEL_SHIFT, WHITE, Fixed
from onward.hw.spec.isa import INDEX_BITS, Instruction, Op, Source, Store

from . import scalar
from .device import Device
from .imperfection import Imperfection
from .rounding import Rounding, check_rounding
from .sample import Sample
from .state import COUNTED, State

__all__ = ["Machine", "ProgramError"]

_ONE = 1 << ELEMENT.fraction
_INDEX_MASK = (1 << INDEX_BITS) - 1


class ProgramError(RuntimeError):
    """A program did what no program may: it left its memory, or did not end."""


class Machine:
    """Executes programs on a :class:`State`.

    Parameters
    ----------
    config : the core.
    trace : called after every instruction with its address and itself, for finding differences.
    rounding : of updates; the hardware has ``stochastic`` only, see :data:`~.rounding.Rounding`.
    imperfection : of weights and lanes; the hardware has none, see :class:`~.imperfection.Imperfection`.
    """

    def __init__(
        self,
        config: CoreConfig,
        trace: Callable[[int, Instruction], None] | None = None,
        rounding: Rounding = "stochastic",
        imperfection: Imperfection | None = None,
    ) -> None:
        check_rounding(rounding)
        self.config = config
        self.rounding = rounding
        self.state = State(config)
        self.device = Device(config, imperfection or Imperfection())
        self.trace = trace

    def run(self, program: Sequence[Instruction], entry: int, sample: Sample, limit: int | None = None) -> list[int]:
        """Run ``program`` from ``entry`` on one sample; returns the result words (unsigned 32 bits).

        Raises
        ------
        ProgramError
            After ``limit`` instructions, or when the program counter leaves the program. The default is the bound
            of the core's watchdog: no instruction takes less than a cycle.
        """
        limit = self.config.watchdog if limit is None else limit
        indexes = self.state.indexes
        results: list[int] = []
        counter = entry
        for _ in range(limit):
            if not 0 <= counter < len(program):
                raise ProgramError(f"the program counter left the program of {len(program)} instructions: {counter}")
            address, word = counter, program[counter]
            counter += 1
            if word.op is Op.END:
                self._count("samples", 1)
                return results
            if word.op.is_vector:
                self._vector(word, sample)
            elif word.op.is_scalar:
                self._scalar(word, sample, results)
            elif word.op is Op.SETI:
                indexes[word.d] = word.imm & _INDEX_MASK
            elif word.op is Op.ADDI:
                indexes[word.d] = (int(indexes[word.ri]) + word.imm) & _INDEX_MASK
            elif word.op is Op.LAB:
                indexes[word.d] = sample.label
            else:
                indexes[word.d] = (int(indexes[word.d]) - 1) & _INDEX_MASK
                counter = word.imm if indexes[word.d] else counter
            indexes[0] = 0
            if self.trace:
                self.trace(address, word)
        raise ProgramError(f"the program did not end within {limit} instructions")

    # lanes --------------------------------------------------------------------------------------------------------

    def _vector(self, word: Instruction, sample: Sample) -> None:
        state, config = self.state, self.config
        acc, row = state.accumulators, word.row + int(state.indexes[word.ri])
        p1, p2 = word.p1 + int(state.indexes[word.p1i]), word.p2 + int(state.indexes[word.p2i])
        product_shift = config.accumulator_fraction - config.operand.fraction
        if word.init and word.op is not Op.ROWS:
            acc.zero_()
        if word.op is Op.MAC:
            for j, x in self._elements(word, p2, sample):
                self._count("row_reads", 1)
                weights = self.device.read(state.weights[row + j])
                products = (weights * self._operand(x, word)) << (product_shift - config.weight.fraction)
                acc += products >> self.device.fraction
        elif word.op is Op.UPD:
            for j, x in self._elements(word, p2, sample):
                m = self._operand(x, word, update=True)
                self._update(row + j, state.vectors[p1] * m, self._format(word))
        elif word.op in (Op.RED, Op.DOT):
            other = p1 if word.op is Op.RED else p2
            self._busy(word.tiles)
            total = (state.vectors[p1 : p1 + word.tiles] * state.vectors[other : other + word.tiles]).sum()
            state.scalars[word.d] = scalar.from_int(int(total), 2 * ELEMENT.fraction)
        elif word.op is Op.ROWS:
            self._rows(word, row, state.vectors[p1 : p1 + word.tiles])
        elif word.op is Op.MACV:
            self._busy(1)
            acc += (state.vectors[p1] * self._operand(_ONE, word)) << (product_shift - ELEMENT.fraction)
        elif word.op is Op.MACVV:
            self._busy(1)
            acc += (state.vectors[p1] * state.vectors[p2]) << (config.accumulator_fraction - 2 * ELEMENT.fraction)
        elif word.op is Op.NOISE:
            self._busy(1)
            self._step_lanes()
            noise = ((state.generators[: config.lanes] >> 20) ^ 0x800) - 0x800
            acc += (noise * self._operand(_ONE, word)) << (product_shift - ELEMENT.fraction)
        elif word.op is Op.SCAT:
            for j in range(word.n):
                self._busy(1)
                m = self._operand(int(state.elements[word.e + j]), word)
                acc[j] += (m * _ONE) << (product_shift - ELEMENT.fraction)
        elif word.op is Op.LMAC:
            self._busy(config.group)
            self._count("row_reads", config.group)
            shift = config.accumulator_fraction - config.weight.fraction - ELEMENT.fraction
            for i in range(config.group):
                signed = self._spread(state.vectors[p2], i)
                weights = self.device.read(state.weights[row + i]).clamp(min=0)
                acc += ((weights * signed) << shift) >> self.device.fraction
        elif word.op is Op.LUPD:
            self._busy(config.group)
            for i in range(config.group):
                product = state.vectors[p1] * self._spread(state.vectors[p2], i)
                self._update(row + i, product, config.fine_operand, only_positive=True)
        else:
            self._store(word, p1)

    def _elements(self, word: Instruction, p2: int, sample: Sample) -> Iterator[tuple[int, int]]:
        """The nonzero elements (j, x) that MAC and UPD stream."""
        if word.source == Source.SAMPLE:
            pairs = self._pixels(sample)
        elif word.source == Source.VECTOR:
            pairs = list(enumerate(self.state.vectors[p2:].flatten()[: word.n].tolist()))
        elif word.source == Source.ELEMENTS:
            pairs = list(enumerate(self.state.elements[word.e : word.e + word.n].tolist()))
        elif word.source == Source.RESIDUAL:
            image = self.state.elements[word.e : word.e + word.n].clamp(0, WHITE).tolist()
            pixels = dict(self._pixels(sample))
            pairs = [(j, x - pixels.get(j, 0)) for j, x in enumerate(image)]
        else:
            pairs = [(j, _ONE) for j in range(word.n)]
        for j, x in pairs:
            if j < word.n and x != 0:
                self._busy(1)
                yield j, x

    @staticmethod
    def _pixels(sample: Sample) -> list[tuple[int, int]]:
        """Places and values, in vector format, of the nonzero pixels."""
        return [(j, x << PIXEL_SHIFT) for j, x in zip(sample.index.tolist(), sample.value.tolist(), strict=True)]

    def _format(self, word: Instruction) -> Fixed:
        return self.config.fine_operand if word.op is Op.UPD and word.fine else self.config.operand

    def _operand(self, x: int, word: Instruction, update: bool = False) -> int:
        random = None
        if update:
            lanes = self.config.lanes
            drawn = scalar.xorshift32(int(self.state.generators[lanes]))
            self.state.generators[lanes] = drawn
            random = drawn if self.rounding == "stochastic" else None
        form = self._format(word)
        neg = bool(word.neg) and word.op is not Op.NOISE
        m, saturated = scalar.operand(x, int(self.state.scalars[word.s]), neg, form.fraction, form.bits, random)
        self._count("operand_saturations", int(saturated))
        return m

    def _step_lanes(self) -> None:
        lanes = self.state.generators[: self.config.lanes]
        lanes ^= (lanes << 13) & 0xFFFFFFFF
        lanes ^= lanes >> 17
        lanes ^= (lanes << 5) & 0xFFFFFFFF

    def _update(self, row: int, product: Tensor, operand: Fixed, only_positive: bool = False) -> None:
        """Add a product with ELEMENT.fraction + operand.fraction fraction bits to a row, rounded."""
        product = self.device.gain(product)
        weights, form = self.state.weights, self.config.weight
        self._step_lanes()
        self._count("row_reads", 1)
        self._count("row_writes", 1)
        k = ELEMENT.fraction + operand.fraction - form.fraction
        if self.rounding == "stochastic":
            random = self.state.generators[: self.config.lanes] >> 16
            product = product + (random >> (16 - k) if k <= 16 else random << (k - 16))
        else:
            product = product + (1 << (k - 1))
        old = weights[row].long()
        value = old + (product >> k)
        if only_positive:
            value = torch.where(old > 0, value, old)
        clipped = value.clamp(form.min, form.max)
        self._count("weight_saturations", int((clipped != value).any()))
        weights[row] = clipped.int()

    def _spread(self, vector: Tensor, i: int) -> Tensor:
        """Member i of each lane's group: positive for that lane itself, negative for its neighbours."""
        groups = vector.reshape(-1, self.config.group)
        spread = -groups[:, i : i + 1].expand_as(groups).clone()
        spread[:, i] = groups[:, i]
        return spread.flatten()

    def _rows(self, word: Instruction, row: int, vector: Tensor) -> None:
        state = self.state
        scale = int(state.scalars[word.s])
        for j in range(word.n):
            self._busy(word.tiles)
            self._count("row_reads", word.tiles)
            total = sum(
                int((self.device.read(state.weights[row + t * word.imm + j]) * vector[t]).sum())
                for t in range(word.tiles)
            )
            fraction = self.config.weight.fraction + self.device.fraction + ELEMENT.fraction
            reduced = scalar.from_int(total, fraction)
            value, saturated = scalar.to_fixed(scalar.mul(scale, reduced), ELEMENT.fraction, ELEMENT.bits)
            self._count("element_saturations", int(saturated))
            self._set_element(word.e + j, value if word.init else int(state.elements[word.e + j]) + value)

    def _set_element(self, address: int, value: int) -> None:
        clipped = max(ELEMENT.min, min(ELEMENT.max, value))
        self._count("element_saturations", int(clipped != value))
        self.state.elements[address] = clipped

    def _store(self, word: Instruction, p1: int) -> None:
        shift = self.config.accumulator_fraction - ELEMENT.fraction
        value = (self.state.accumulators + (1 << (shift - 1))) >> shift
        clipped = value.clamp(ELEMENT.min, ELEMENT.max)
        self._count("vector_saturations", int((clipped != value).any()))
        if word.store == Store.RELU:
            clipped = clipped.clamp(min=0)
        elif word.store == Store.STEP:
            clipped = (clipped > 0).long() * _ONE
        self.state.vectors[p1] = clipped

    # scalar unit --------------------------------------------------------------------------------------------------

    def _scalar(self, word: Instruction, sample: Sample, results: list[int]) -> None:
        scalars, elements, indexes = self.state.scalars, self.state.elements, self.state.indexes
        a, b = int(scalars[word.s]), int(scalars[word.p1])
        index = int(indexes[word.ri])
        unary: dict[Op, Callable[[int], int]] = {
            Op.RSQ: scalar.rsqrt,
            Op.SIG: scalar.sigmoid,
            Op.EXP: scalar.exp,
            Op.REC: scalar.reciprocal,
        }
        binary: dict[Op, Callable[[int, int], int]] = {Op.MUL: scalar.mul, Op.ADD: scalar.add, Op.SUB: scalar.sub}
        window = slice(word.e, word.e + word.n)
        output: list[int] = []
        if word.op in unary:
            scalars[word.d] = unary[word.op](a)
        elif word.op in binary:
            scalars[word.d] = binary[word.op](a, b)
        elif word.op is Op.LDI:
            scalars[word.d] = word.imm
        elif word.op is Op.XN:
            scalars[word.d] = scalar.from_int(int((sample.value.long() ** 2).sum()), 16)
        elif word.op is Op.SMAX:
            elements[window] = torch.tensor(scalar.softmax(elements[window].tolist()))
        elif word.op is Op.EADD:
            signed = ((word.imm & 0xFFFF) ^ 0x8000) - 0x8000
            self._set_element(word.e + index, int(elements[word.e + index]) + signed)
        elif word.op is Op.DRAW:
            state = scalar.xorshift32(int(self.state.generators[-1]))
            self.state.generators[-1] = state
            exclude = index if word.ri else None
            indexes[word.d] = scalar.draw(elements[window].tolist(), word.imm & 0xFFFF, exclude, state >> 16)
        elif word.op is Op.AMAX:
            indexes[word.d] = scalar.argmax(elements[window].tolist())
        elif word.op is Op.STE:
            value, saturated = scalar.to_fixed(a, ELEMENT.fraction, ELEMENT.bits)
            self._count("element_saturations", int(saturated))
            elements[word.e + index] = value
        elif word.op is Op.LDE:
            scalars[word.d] = scalar.from_int(int(elements[word.e + index]), ELEMENT.fraction)
        elif word.op is Op.BEST:
            if scalar.greater(a, b):
                scalars[word.p1], indexes[word.d] = a, index
        elif word.op is Op.OUTS:
            output = [a]
        elif word.op is Op.OUTI:
            output = [index]
        else:
            output = [value & 0xFFFFFFFF for value in elements[window].tolist()]
        results.extend(output[: self.config.results - len(results)])

    def _busy(self, cycles: int) -> None:
        self._count("busy_cycles", cycles)

    def _count(self, name: str, amount: int) -> None:
        self.state.counters[COUNTED.index(name)] += amount
