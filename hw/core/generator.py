"""A xorshift32 random generator that steps on request."""

from __future__ import annotations

from amaranth.hdl import Module, Signal
from amaranth.lib import wiring
from amaranth.lib.wiring import In, Out

from onward.hw.spec.tables import generator_constant

__all__ = ["Generator"]


class Generator(wiring.Component):
    """Xorshift32 (Marsaglia 2003, triple 13, 17, 5).

    Parameters
    ----------
    index : which generator of the core; decides its constant.

    Members
    -------
    ``step`` : advance; ``state`` holds the new value from the next cycle on.
    ``seed_valid``, ``seed`` : restart in the state ``(constant ^ seed) | 1``; wins over ``step``.
    """

    def __init__(self, index: int) -> None:
        super().__init__({"step": In(1), "seed_valid": In(1), "seed": In(32), "state": Out(32)})
        self._constant = generator_constant(index)

    def elaborate(self, platform: object) -> Module:
        m = Module()
        state = Signal(32, init=self._constant | 1)
        first = Signal(32)
        second = Signal(32)
        m.d.comb += [
            self.state.eq(state),
            first.eq(state ^ (state << 13)),
            second.eq(first ^ (first >> 17)),
        ]
        with m.If(self.seed_valid):
            m.d.sync += state.eq((self.seed ^ self._constant) | 1)
        with m.Elif(self.step):
            m.d.sync += state.eq(second ^ (second << 5))
        return m
