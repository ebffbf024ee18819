"""Where the numbers of a trained network lie in the range of their formats."""

from __future__ import annotations

import re
from dataclasses import dataclass

import numpy as np
import torch
from numpy.typing import NDArray

from onward.hw.spec.config import CoreConfig
from onward.hw.spec.formats import ELEMENT, PROBABILITY_FRACTION, Fixed
from onward.hw.spec.isa import Instruction, Op
from onward.sw.driver.checkpoint import Checkpoint
from onward.sw.golden.machine import Machine
from onward.sw.golden.sample import Batch

__all__ = ["Distribution", "measure_ranges"]

_QUANTILE = 0.999
_PROBABILITY = Fixed(16, PROBABILITY_FRACTION)


@dataclass(frozen=True)
class Distribution:
    """The values that an array took.

    Members
    -------
    kind : ``weight``, ``vector``, ``element``, ``accumulator`` or ``operand``.
    name : of the array.
    bits, fraction : of its format.
    count : values seen.
    min, max : the outermost.
    smallest, largest : magnitudes other than 0; both 0 if there is none.
    median, quantile : magnitudes that half and 99.9 % of those that are not 0 do not exceed.
    zeros, at_limit : shares of the values that are 0, and at either end of the format.
    """

    kind: str
    name: str
    bits: int
    fraction: int
    count: int
    min: float
    max: float
    smallest: float
    largest: float
    median: float
    quantile: float
    zeros: float
    at_limit: float

    @classmethod
    def of(cls, kind: str, name: str, form: Fixed, codes: NDArray[np.int64]) -> Distribution:
        """The distribution of the codes of a format, at least one."""
        magnitudes = np.abs(codes[codes != 0])
        # 'higher' is a magnitude that there is, not one between two of them.
        parts = np.quantile(magnitudes, (0, 0.5, _QUANTILE, 1), method="higher") if len(magnitudes) else np.zeros(4)
        smallest, median, quantile, largest = (float(each) / 2**form.fraction for each in parts)
        return cls(
            kind,
            name,
            form.bits,
            form.fraction,
            len(codes),
            form.to_float(int(codes.min())),
            form.to_float(int(codes.max())),
            smallest,
            largest,
            median,
            quantile,
            float((codes == 0).mean()),
            float(((codes == form.min) | (codes == form.max)).mean()),
        )

    @property
    def resolution(self) -> float:
        """The smallest magnitude of the format."""
        return 2.0**-self.fraction

    @property
    def limit(self) -> float:
        """What its magnitudes stay below."""
        return 2.0 ** (self.bits - 1 - self.fraction)


def measure_ranges(checkpoint: Checkpoint, batch: Batch, seed: int = 0) -> list[Distribution]:
    """Distributions of a network's weights, and of what goes on while it learns the samples of ``batch``.

    The samples run through the program of the first training step, whose learning rates are the largest, one after the
    other, in the torch definition of the core. Vector registers are named by what the program says it stores there;
    idle lanes of a register count as zeros. Accumulators are seen after every instruction that adds to them.
    """
    config = checkpoint.config
    program = checkpoint.recipe.method.build(config, checkpoint.recipe.parameters)
    probe = _Probe(config, program.comments)
    probe.state.seed(seed)
    rows = torch.from_numpy(checkpoint.rows())
    probe.state.weights[: len(rows)] = rows
    for number in range(len(batch)):
        probe.run(program.instructions, program.entries["train"], batch[number])
    matrices = [
        Distribution.of("weight", name, config.weight, codes.astype(np.int64).ravel())
        for name, codes in checkpoint.matrices.items()
    ]
    return matrices + probe.distributions()


class _Probe(Machine):
    """A machine that keeps what its instructions leave."""

    def __init__(self, config: CoreConfig, comments: tuple[str, ...]) -> None:
        super().__init__(config, self._keep)
        self._comments = comments
        self._seen: dict[tuple[str, str, Fixed], list[NDArray[np.int64]]] = {}
        self._operands: dict[tuple[str, Fixed], list[int]] = {}
        # The element memory holds numbers of two formats; which, is known by what wrote them last.
        self._probabilities = np.zeros(config.elements, dtype=bool)

    def distributions(self) -> list[Distribution]:
        """Of all that was seen, kind by kind."""
        operands = [
            Distribution.of("operand", name, form, np.array(codes)) for (name, form), codes in self._operands.items()
        ]
        others = [
            Distribution.of(kind, name, form, np.concatenate(codes)) for (kind, name, form), codes in self._seen.items()
        ]
        return sorted(others, key=lambda each: each.kind, reverse=True) + operands

    def _operand(self, x: int, word: Instruction, update: bool = False) -> int:
        m = super()._operand(x, word, update)
        name = "of products"
        if update:
            name = "of fine updates" if word.fine else "of coarse updates"
        self._operands.setdefault((name, self._format(word)), []).append(m)
        return m

    def _keep(self, address: int, word: Instruction) -> None:
        state, config = self.state, self.config
        # What a vector or element is comes first in its comment: "z2 = relu(...)", "d (over x1)".
        name = re.split(r" \+?= | \(", self._comments[address])[0]
        if word.op is Op.ST:
            p1 = word.p1 + int(state.indexes[word.p1i])
            self._add("vector", name, ELEMENT, state.vectors[p1].numpy())
        elif word.op in (Op.MAC, Op.MACV, Op.MACVV, Op.NOISE, Op.SCAT, Op.LMAC):
            form = Fixed(config.accumulator_bits, config.accumulator_fraction)
            self._add("accumulator", "of all lanes", form, state.accumulators.numpy())
        elif word.op in (Op.ROWS, Op.SMAX, Op.STE, Op.EADD):
            first = word.e + (int(state.indexes[word.ri]) if word.op in (Op.STE, Op.EADD) else 0)
            window = slice(first, first + (word.n if word.op in (Op.ROWS, Op.SMAX) else 1))
            if word.op is not Op.EADD:
                self._probabilities[window] = word.op is Op.SMAX
            form = _PROBABILITY if self._probabilities[first] else ELEMENT
            self._add("element", name, form, state.elements[window].numpy())

    def _add(self, kind: str, name: str, form: Fixed, codes: NDArray[np.int64]) -> None:
        self._seen.setdefault((kind, name, form), []).append(codes.astype(np.int64, copy=True))
