"""What the data of a program are like: shares of zeros in what it streams, from the definition of the core."""

from __future__ import annotations

import numpy as np
import torch
from numpy.typing import NDArray

from onward.hw.spec.isa import Instruction, Op, Source
from onward.sw.golden.machine import Machine
from onward.sw.golden.sample import Batch
from onward.sw.golden.state import COUNTED
from onward.sw.programs.assembler import Program
from onward.sw.programs.timing import Load

__all__ = ["measure_load"]

_BUSY = COUNTED.index("busy_cycles")


def measure_load(program: Program, entry: str, rows: NDArray[np.int32], batch: Batch, seed: int = 0) -> Load:
    """Shares of elements other than zero, over all that ``program`` streams from ``entry`` for the samples of a batch.

    The samples run one after the other in the torch definition, from the weights ``rows`` (rows, lanes) on. An entry
    ``prepare``, if the program has one, is run once before. A source that is never streamed has the share 1.
    """
    watch = _Watch(program)
    watch.state.seed(seed)
    watch.state.weights[: len(rows)] = torch.from_numpy(rows)
    if entry == "infer" and "prepare" in program.entries:
        watch.run(program.instructions, program.entries["prepare"], batch[0])
    watch.forget()
    for number in range(len(batch)):
        watch.run(program.instructions, program.entries[entry], batch[number])
    return Load(*(watch.share(source) for source in (Source.SAMPLE, Source.VECTOR, Source.ELEMENTS, Source.RESIDUAL)))


class _Watch(Machine):
    """A machine that counts what MAC and UPD stream of each source, and what they pass over."""

    def __init__(self, program: Program) -> None:
        super().__init__(program.config, self._count_elements)
        self.forget()

    def forget(self) -> None:
        """Start to count anew."""
        self._streamed = dict.fromkeys(Source, 0)
        self._passed = dict.fromkeys(Source, 0)
        self._busy_before = int(self.state.counters[_BUSY])

    def share(self, source: Source) -> float:
        """Share of the elements of a source that were streamed."""
        return self._streamed[source] / self._passed[source] if self._passed[source] else 1.0

    def _count_elements(self, address: int, word: Instruction) -> None:
        busy = int(self.state.counters[_BUSY])
        if word.op in (Op.MAC, Op.UPD):
            source = Source(word.source)
            self._streamed[source] += busy - self._busy_before
            self._passed[source] += min(word.n, self.config.inputs) if source is Source.SAMPLE else word.n
        self._busy_before = busy
