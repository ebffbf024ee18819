"""Registers in a stream, so that no path leads through it, forward or back."""

from __future__ import annotations

from amaranth.hdl import Module, Mux, ShapeLike, Signal
from amaranth.lib import stream, wiring
from amaranth.lib.wiring import In, Out

__all__ = ["RegisterSlice"]


class RegisterSlice(wiring.Component):
    """Latency 1 cycle, throughput one transfer a cycle; up to two are inside.

    ``i.ready`` and all of ``o`` come from registers: it is ready as long as the second place is free, which takes what
    comes in the cycle in which ``o`` has to wait.

    Parameters
    ----------
    shape : of the payload.

    Members
    -------
    ``i``, ``o`` : streams; what enters leaves in the same order.
    """

    def __init__(self, shape: ShapeLike) -> None:
        self._shape = shape
        super().__init__({"i": In(stream.Signature(shape)), "o": Out(stream.Signature(shape))})

    def elaborate(self, platform: object) -> Module:
        m = Module()
        first, second = Signal(self._shape, reset_less=True), Signal(self._shape, reset_less=True)
        valid, waits = Signal(), Signal()
        m.d.comb += [self.i.ready.eq(~waits), self.o.valid.eq(valid), self.o.payload.eq(first)]
        with m.If(~valid | self.o.ready):
            m.d.sync += [
                valid.eq(self.i.valid | waits),
                first.eq(Mux(waits, second, self.i.payload)),
                waits.eq(0),
            ]
        with m.Elif(self.i.valid & ~waits):
            m.d.sync += waits.eq(1)
        with m.If(~waits):
            m.d.sync += second.eq(self.i.payload)
        return m
