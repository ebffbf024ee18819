"""Tells when a program has run for too long."""

from __future__ import annotations

from amaranth.hdl import Cat, Module, Signal
from amaranth.lib import wiring
from amaranth.lib.wiring import In, Out

__all__ = ["Watchdog"]


class Watchdog(wiring.Component):
    """A counter of cycles that stops at its end.

    Parameters
    ----------
    cycles : after which it is late; at least 2.

    Members
    -------
    ``start`` : begins anew. ``late`` : from ``cycles`` + 1 cycles after that on, until the next start.
    """

    def __init__(self, cycles: int) -> None:
        self.cycles = cycles
        super().__init__({"start": In(1), "late": Out(1)})

    def elaborate(self, platform: object) -> Module:
        m = Module()
        # Counts up to a power of two from where so many cycles are left: no comparison.
        cycle = Signal(range(self.cycles))
        with m.If(self.start):
            m.d.sync += Cat(cycle, self.late).eq((1 << len(cycle)) - self.cycles)
        with m.Elif(~self.late):
            m.d.sync += Cat(cycle, self.late).eq(cycle + 1)
        return m
