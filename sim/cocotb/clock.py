"""Clock and reset of the unit under test."""

from __future__ import annotations

from typing import Any

from cocotb.clock import Clock
from cocotb.triggers import RisingEdge

__all__ = ["RESET_NS", "cycle", "cycles", "start"]

_PERIOD_NS = 10
_RESET_CYCLES = 8
"""Event simulators leave what depends on constants undefined at time 0: some cycles settle everything."""
RESET_NS = _PERIOD_NS * _RESET_CYCLES


async def start(dut: Any, **inputs: int) -> None:
    """Start the clock, hold the reset, and return in the first cycle without it.

    Parameters
    ----------
    dut : the top module, with the ports ``clk`` and ``rst``.
    inputs : values of its inputs while and after it is reset; it needs one for every input that is not a payload.
    """
    for name, value in inputs.items():
        dut[name].value = value
    dut.rst.value = 1
    Clock(dut.clk, _PERIOD_NS, unit="ns").start()
    await cycles(dut, _RESET_CYCLES)
    dut.rst.value = 0


async def cycle(dut: Any) -> None:
    """Until the end of this cycle: values read now are those before the clock edge, values written come after it."""
    await RisingEdge(dut.clk)


async def cycles(dut: Any, count: int) -> None:
    """Until the end of the ``count``-th cycle from here."""
    for _ in range(count):
        await RisingEdge(dut.clk)
