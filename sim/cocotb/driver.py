"""The sending side of a stream, with random gaps."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

from cocotb.triggers import RisingEdge

from . import clock
from .gaps import Gaps

__all__ = ["StreamDriver"]


class StreamDriver:
    """Sends payloads to a stream input; a payload that is offered stays until it is taken.

    Parameters
    ----------
    dut : the top module.
    name : of the stream: its ports are ``name__payload``, ``name__valid`` and ``name__ready``.
    gaps : pauses between payloads; none by default.
    """

    def __init__(self, dut: Any, name: str, gaps: Gaps | None = None) -> None:
        self._dut = dut
        self._gaps = gaps
        self._payload, self._valid = dut[f"{name}__payload"], dut[f"{name}__valid"]
        self._ready = dut[f"{name}__ready"]

    async def send(self, payload: int) -> None:
        """Returns at the end of the cycle in which ``payload`` is taken."""
        if self._gaps and (gap := self._gaps.next()):
            await clock.cycles(self._dut, gap)
        self._payload.value = payload
        self._valid.value = 1
        await clock.cycle(self._dut)
        while self._ready.value != 1:
            # Sleeping until then costs nothing, looking in every cycle does.
            await RisingEdge(self._ready)
            await clock.cycle(self._dut)
        self._valid.value = 0

    async def send_all(self, payloads: Iterable[int]) -> None:
        """One after the other."""
        for payload in payloads:
            await self.send(payload)
