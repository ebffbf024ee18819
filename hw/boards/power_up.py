"""The core's clock domain: its clock, and a reset that ends when everything is steady."""

from amaranth.hdl import ClockDomain, ClockSignal, Module, ResetSignal, Signal
from amaranth.lib import wiring
from amaranth.lib.cdc import ResetSynchronizer
from amaranth.lib.wiring import In

__all__ = ["POWER_UP_CYCLES", "PowerUp"]

POWER_UP_CYCLES = 1024
"""Cycles of reset after the PLL has locked: block RAM of an iCE40 is not readable in its first 15 microseconds."""


class PowerUp(wiring.Component):
    """Makes the domain ``sync``, whose reset ends :data:`POWER_UP_CYCLES` after ``locked``, in step with the clock.

    The reset comes from a register, so it is like any other path to the timing analysis. Losing lock resets at once.

    Members
    -------
    clock : In(1)
    locked : In(1)
        May change at any time.
    """

    clock: In(1)
    locked: In(1)

    def elaborate(self, platform: object) -> Module:
        m = Module()
        m.domains.boot = ClockDomain(local=True)
        m.domains.sync = ClockDomain()
        m.submodules.synchroniser = ResetSynchronizer(~self.locked, domain="boot")
        left = Signal(range(POWER_UP_CYCLES), init=POWER_UP_CYCLES - 1)
        reset = Signal(init=1)
        with m.If(left != 0):
            m.d.boot += left.eq(left - 1)
        m.d.boot += reset.eq(left != 0)
        m.d.comb += [
            ClockSignal("boot").eq(self.clock),
            ClockSignal("sync").eq(self.clock),
            ResetSignal("sync").eq(reset),
        ]
        return m
