"""Bytes to and from the simulated board."""

from __future__ import annotations

from typing import Literal

from onward.hw.spec.config import CoreConfig
from onward.sim.board.simulator import SimError, SimSilence, Simulator

from .frames import DeviceLost

__all__ = ["SimTransport"]

_PATIENCE = 1_000_000


class SimTransport:
    """The byte interface of a :class:`Simulator`, whose clock runs while the host reads.

    Parameters
    ----------
    config : the core.
    stall_seed : put random gaps between bytes; results must not depend on it.
    flavour : byte streams straight into the link, or the pins of its serial line.
    divisor : clock cycles of one bit of the serial line.
    patience : clock cycles of silence after which :meth:`read` gives up.
    verilog : what is simulated instead of the gateware as it is, a netlist for example.
    """

    name = "sim"

    def __init__(
        self,
        config: CoreConfig,
        stall_seed: int | None = None,
        flavour: Literal["bytes", "uart"] = "bytes",
        divisor: int | None = None,
        patience: int = _PATIENCE,
        verilog: str | None = None,
    ) -> None:
        self._simulator = Simulator(config, flavour, stall_seed, divisor, verilog)
        self._patience = patience

    @property
    def cycles(self) -> int:
        """Clock cycles of the simulated board."""
        return self._simulator.cycles

    def write(self, data: bytes) -> None:
        self._simulator.write(data)

    def read(self, patience: int = 1) -> bytes:
        try:
            return self._simulator.read(patience * self._patience)
        except SimSilence:
            return b""
        except SimError as error:
            raise DeviceLost(f"{self.name}: {error}") from None

    def reset(self) -> None:
        """Press the board's reset: what is on its way is lost, the core restarts, memories keep their contents."""
        self._simulator.reset()

    def close(self) -> None:
        self._simulator.close()
