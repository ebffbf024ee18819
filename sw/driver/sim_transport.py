"""Bytes to and from the simulated board."""

from __future__ import annotations

from onward.hw.spec.config import CoreConfig
from onward.sim.board.simulator import SimError, Simulator

from .frames import LinkError

__all__ = ["SimTransport"]


class SimTransport:
    """The byte interface of a :class:`Simulator`, whose clock runs while the host reads.

    Parameters
    ----------
    config : the core.
    stall_seed : put random gaps between bytes; results must not depend on it.
    """

    name = "sim"

    def __init__(self, config: CoreConfig, stall_seed: int | None = None) -> None:
        self._simulator = Simulator(config, stall_seed=stall_seed)

    @property
    def cycles(self) -> int:
        """Clock cycles of the simulated board."""
        return self._simulator.cycles

    def write(self, data: bytes) -> None:
        self._simulator.write(data)

    def read(self) -> bytes:
        try:
            return self._simulator.read()
        except SimError as error:
            raise LinkError(f"{self.name}: {error}") from None

    def close(self) -> None:
        self._simulator.close()
