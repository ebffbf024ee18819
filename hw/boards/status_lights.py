"""Three lights: the board is alive, it trains, something was refused."""

from __future__ import annotations

from amaranth.hdl import Module, Signal
from amaranth.lib import wiring
from amaranth.lib.wiring import In, Out

__all__ = ["StatusLights"]


class StatusLights(wiring.Component):
    """Makes events of single cycles visible.

    ``alive`` blinks about once a second. The other two go on with their event and stay on for half a period to a whole
    one after the last.

    Parameters
    ----------
    clock_mhz : of the clock, for the period.

    Members
    -------
    busy : In(1)
        A program runs.
    refused : In(1)
        Pulse: a command was refused, or a frame was damaged.
    alive, training, error : Out(1)
        Lights, high when on.
    """

    def __init__(self, clock_mhz: float) -> None:
        self._bits = max(2, round(clock_mhz * 1e6).bit_length())
        super().__init__(
            {"busy": In(1), "refused": In(1), "alive": Out(1), "training": Out(1), "error": Out(1)},
        )

    def elaborate(self, platform: object) -> Module:
        m = Module()
        timer = Signal(self._bits)
        tick = Signal()  # twice a period
        m.d.sync += [timer.eq(timer + 1), tick.eq(timer[:-1] == 0)]
        m.d.comb += self.alive.eq(timer[-1])
        for event, light in ((self.busy, self.training), (self.refused, self.error)):
            recent = Signal(name="recent")
            with m.If(event):
                m.d.sync += recent.eq(1)
            with m.Elif(tick):
                m.d.sync += recent.eq(0)
            with m.If(event | tick):
                m.d.sync += light.eq(event | recent)
        return m
