"""The core's reset, which ends when everything is steady."""

from amaranth.hdl import ClockDomain, ClockSignal, Module, Signal
from amaranth.lib import wiring
from amaranth.lib.cdc import ResetSynchronizer
from amaranth.lib.wiring import In, Out

__all__ = ["POWER_UP_CYCLES", "PowerUp"]

POWER_UP_CYCLES = 1024
"""Cycles of reset after the PLL has locked: block RAM of an iCE40 is not readable in its first 15 microseconds."""


class PowerUp(wiring.Component):
    """A reset that ends :data:`POWER_UP_CYCLES` after ``locked``, in step with the clock.

    It comes from a register, so it is like any other path to the timing analysis. Losing lock resets at once.

    Members
    -------
    clock : In(1)
        The core's clock.
    locked : In(1)
        May change at any time.
    reset : Out(1)
        The core's reset.
    """

    clock: In(1)
    locked: In(1)
    reset: Out(1, init=1)

    def elaborate(self, platform: object) -> Module:
        m = Module()
        m.domains.boot = ClockDomain(local=True)
        m.submodules.synchroniser = ResetSynchronizer(~self.locked, domain="boot")
        left = Signal(range(POWER_UP_CYCLES), init=POWER_UP_CYCLES - 1)
        with m.If(left != 0):
            m.d.boot += left.eq(left - 1)
        m.d.boot += self.reset.eq(left != 0)
        m.d.comb += ClockSignal("boot").eq(self.clock)
        return m
