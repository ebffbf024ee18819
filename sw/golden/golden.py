"""The golden model as the driver uses it: a core's state, and programs run over batches by the compiled kernel."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray

from onward.hw.spec.config import CoreConfig
from onward.hw.spec.formats import WHITE
from onward.hw.spec.isa import FIELDS, Instruction, Op
from onward.hw.spec.tables import EXP2_TABLE, LOG2E_FIXED, LOG2E_FRACTION, RECIPROCAL_TABLE, RSQRT_TABLE

from . import kernel, scalar
from .device import Device
from .imperfection import Imperfection
from .machine import ProgramError
from .rounding import Rounding, check_rounding
from .sample import Batch
from .state import State

__all__ = ["Golden"]

_COLUMNS = (
    *("op", "source", "init", "fine", "neg", "store", "s", "d", "ri", "p1i", "p2i", "row", "n", "p1", "p2"),
    *("e", "tiles", "imm"),
)
_TABLE = np.array(EXP2_TABLE + RECIPROCAL_TABLE + RSQRT_TABLE, dtype=np.int64)


def _parameters(config: CoreConfig, rounding: Rounding) -> NDArray[np.int64]:
    """The kernel's parameter vector, in the order of the names at its top."""
    return np.array(
        [
            config.lanes,
            config.group,
            config.cluster_lanes,
            config.weight_bits,
            config.operand_bits,
            config.accumulator_bits,
            config.weight.fraction,
            config.accumulator_fraction,
            config.fine_operand.fraction,
            config.operand.fraction,
            config.results,
            LOG2E_FIXED,
            scalar.from_int(LOG2E_FIXED, LOG2E_FRACTION),
            WHITE,
            rounding == "nearest",
        ],
        dtype=np.int64,
    )


class Golden:
    """A core in the golden model.

    Parameters
    ----------
    config : the core.
    rounding : of updates; the hardware has ``stochastic`` only, see :data:`~.rounding.Rounding`.
    imperfection : of weights and lanes; the hardware has none, see :class:`~.imperfection.Imperfection`.

    Attributes
    ----------
    state : its :class:`State`; the tensors may be read and written between runs.
    """

    def __init__(
        self, config: CoreConfig, rounding: Rounding = "stochastic", imperfection: Imperfection | None = None
    ) -> None:
        check_rounding(rounding)
        assert set(_COLUMNS) == set(FIELDS)
        self.config = config
        self.state = State(config)
        self._program = np.zeros((0, len(_COLUMNS)), dtype=np.int64)
        self._device = Device(config, imperfection or Imperfection()).arrays()
        self._parameters = _parameters(config, rounding)
        self._tables = (np.ascontiguousarray(_TABLE[:, 0]), np.ascontiguousarray(_TABLE[:, 1]))

    def load_program(self, instructions: Sequence[Instruction]) -> None:
        """Replace the program memory (from address 0; END behind it)."""
        padded = [*instructions, Instruction(Op.END)]
        self._program = np.array([[int(getattr(word, name)) for name in _COLUMNS] for word in padded], dtype=np.int64)

    def run(self, entry: int, batch: Batch, limit: int | None = None) -> list[list[int]]:
        """Run the program at ``entry`` on each sample of a batch; returns each sample's result words.

        Raises
        ------
        ProgramError
            If a run does not end within ``limit`` instructions; the samples before it have run. The default is the
            bound of the core's watchdog: no instruction takes less than a cycle.
        """
        limit = self.config.watchdog if limit is None else limit
        state = self.state
        arrays = (
            state.weights.numpy(),
            state.vectors.numpy(),
            state.accumulators.numpy(),
            state.elements.numpy(),
            state.scalars.numpy(),
            state.indexes.numpy(),
            state.generators.numpy(),
            state.counters.numpy(),
        )
        results = np.zeros((len(batch), 1 + self.config.results), dtype=np.int64)
        ended = kernel.run_batch(
            self._program,
            entry,
            self._parameters,
            self._tables,
            arrays,
            self._device,
            batch.pointers,
            batch.index,
            batch.value,
            batch.labels,
            results,
            limit,
        )
        if ended < len(batch):
            raise ProgramError(f"sample {ended}: the program did not end within {limit} instructions")
        return [row[1 : 1 + row[0]].tolist() for row in results]
