"""A register that stays one of several with the same content."""

from __future__ import annotations

from amaranth.hdl import Module, ShapeLike, Signal
from amaranth.lib import wiring
from amaranth.lib.wiring import In, Out

__all__ = ["Branch"]


class Branch(wiring.Component):
    """One register of a wire that has too many ends for a single one: each branch stands near its own.

    Synthesis merges registers that hold the same, except in modules that it is told to keep until they are mapped: name
    an instance ``branch_`` and a digit, as boards with large FPGAs expect it.

    Latency: one cycle. Not reset.

    Parameters
    ----------
    shape : of what is registered.

    Members
    -------
    ``i``, ``o`` : before and behind the register.
    """

    def __init__(self, shape: ShapeLike) -> None:
        self._shape = shape
        super().__init__({"i": In(shape), "o": Out(shape)})

    def elaborate(self, platform: object) -> Module:
        m = Module()
        register = Signal(self._shape, reset_less=True)
        m.d.sync += register.eq(self.i)
        m.d.comb += self.o.eq(register)
        return m
