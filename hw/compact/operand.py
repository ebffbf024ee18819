"""Turns elements into broadcast operands, with one hard multiplier and one shifter."""

from __future__ import annotations

from amaranth.hdl import Module, Mux, Signal, signed
from amaranth.lib import wiring
from amaranth.lib.wiring import In, Out

from onward.hw.core.generator import Generator
from onward.hw.spec.config import CoreConfig
from onward.hw.spec.formats import ELEMENT

from .mac import SignedProduct

__all__ = ["CompactOperand"]

_LARGEST_SHIFT = 40


class CompactOperand(wiring.Component):
    """``m = round(x * magnitude / 2^shift)``, the rule of ``docs/instruction-set.md``, section Broadcast.

    Latency 5 cycles, throughput one element a cycle.

    Members
    -------
    ``x`` : vector-format element. ``magnitude``, ``negate``, ``shift`` : of the scalar, and of the format that the
    operand shall have; constant while elements are on their way. ``shift`` is 0 to 40; ``tiny`` : it would be more,
    ``huge`` : less.
    ``step`` : the generator steps; the element that was there 3 cycles ago is rounded with its new state.
    ``stochastic`` : round with random bits, else to nearest.
    ``m``, ``saturated``.
    ``seed_valid``, ``seed`` : restart of the generator.
    """

    LATENCY = 5

    def __init__(self, config: CoreConfig) -> None:
        self.config = config
        super().__init__(
            {
                "x": In(signed(ELEMENT.bits)),
                "magnitude": In(16),
                "negate": In(1),
                "shift": In(range(_LARGEST_SHIFT + 1)),
                "tiny": In(1),
                "huge": In(1),
                "step": In(1),
                "stochastic": In(1),
                "m": Out(signed(16)),
                "saturated": Out(1),
                "seed_valid": In(1),
                "seed": In(32),
            }
        )

    def elaborate(self, platform: object) -> Module:
        m = Module()
        m.submodules.generator = generator = Generator(self.config.lanes)
        m.submodules.product = product = SignedProduct()
        m.d.comb += [
            generator.step.eq(self.step),
            generator.seed_valid.eq(self.seed_valid),
            generator.seed.eq(self.seed),
            product.a.eq(self.x),
            product.b.eq(self.magnitude),
            product.negate.eq(self.negate),
        ]

        # cycle 3: shift by 0, 16 or 32, of the product with 16 bits behind its point
        wide = Signal(signed(48))
        with m.Switch(self.shift[4:]):
            with m.Case(0):
                m.d.sync += wide.eq(product.o << 16)
            with m.Case(1):
                m.d.sync += wide.eq(product.o)
            with m.Default():
                m.d.sync += wide.eq(product.o >> 16)
        # cycle 4: the rest; what is above 33 bits only says whether the operand saturates
        shifted = Signal(signed(48))
        m.d.comb += shifted.eq(wide >> self.shift[:4])
        kept = Signal(signed(33))
        beyond, nothing = Signal(), Signal()
        high = shifted[32:]
        m.d.sync += [
            kept.eq(Mux(self.tiny, 0, shifted)),
            beyond.eq((self.huge | ~((high == 0) | high.all())) & ~self.tiny),
        ]
        # With ``huge`` only the sign of the product counts, and whether there is one.
        sign = Signal()
        m.d.sync += [sign.eq(wide[-1]), nothing.eq(self.magnitude == 0)]
        # cycle 5: rounding and saturation
        total = Signal(signed(18))
        rounding = Mux(self.stochastic, generator.state[16:], 1 << 15)
        m.d.comb += total.eq((kept + rounding) >> 16)
        top = total[15:]
        fits = Signal()
        m.d.comb += fits.eq(((top == 0) | top.all()) & ~beyond | nothing)
        below = Mux(beyond, sign, total[-1])
        m.d.sync += [
            self.m.eq(Mux(fits, total[:16], Mux(below, self.config.operand.min, self.config.operand.max))),
            self.saturated.eq(~fits),
        ]
        return m
