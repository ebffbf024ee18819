"""The receiving side of a stream, with random back-pressure."""

from __future__ import annotations

from typing import Any

import cocotb
from cocotb.queue import Queue
from cocotb.triggers import RisingEdge

from . import clock
from .gaps import Gaps

__all__ = ["StreamMonitor"]


class StreamMonitor:
    """Takes everything that a stream output offers, and checks that it keeps to the rules of a stream.

    A payload that was offered has to stay, unchanged, until it is taken; a breach ends the test.

    Parameters
    ----------
    dut : the top module.
    name : of the stream: its ports are ``name__payload``, ``name__valid`` and ``name__ready``.
    gaps : pauses before a payload is taken; none by default.
    """

    def __init__(self, dut: Any, name: str, gaps: Gaps | None = None) -> None:
        self._dut = dut
        self._name = name
        self._gaps = gaps
        self._payload, self._valid = dut[f"{name}__payload"], dut[f"{name}__valid"]
        self._ready = dut[f"{name}__ready"]
        self._received: Queue[int] = Queue()
        cocotb.start_soon(self._run())

    async def get(self) -> int:
        """The next payload, when it has come."""
        return await self._received.get()

    @property
    def waiting(self) -> int:
        """How many payloads have come that :meth:`get` has not returned."""
        return self._received.qsize()

    async def _run(self) -> None:
        while True:
            pause = self._gaps.next() if self._gaps else 0
            self._ready.value = int(pause == 0)
            offered = None
            for _ in range(pause):
                await clock.cycle(self._dut)
                valid = self._valid.value == 1
                assert valid or offered is None, f"{self._name}: {offered:#x} was withdrawn"
                if valid:
                    payload = int(self._payload.value)
                    assert offered in (None, payload), f"{self._name}: {offered:#x} became {payload:#x}"
                    offered = payload
            self._ready.value = 1
            await clock.cycle(self._dut)
            while self._valid.value != 1:
                assert offered is None, f"{self._name}: {offered:#x} was withdrawn"
                # Sleeping until then costs nothing, looking in every cycle does.
                await RisingEdge(self._valid)
                await clock.cycle(self._dut)
            payload = int(self._payload.value)
            assert offered in (None, payload), f"{self._name}: {offered:#x} became {payload:#x}"
            self._received.put_nowait(payload)
