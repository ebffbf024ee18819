"""The multiplier of a lane, between registers that are the multiplier's own where it has some."""

from __future__ import annotations

from amaranth.hdl import C, ClockSignal, Instance, Module, Signal, signed
from amaranth.lib import wiring
from amaranth.lib.wiring import In, Out

from .ecp5 import FACTOR_BITS, is_ecp5

__all__ = ["LaneProduct"]


class LaneProduct(wiring.Component):
    """``product`` = ``x`` x ``y``, exact, two cycles later; throughput one a cycle.

    On an ECP5 with factors of 18 bits or less, a MULT18X18D with its registers (Lattice FPGA-TN-02205): none in slices,
    and no wires to them. Nothing is reset: what is on its way counts only with a micro-operation.

    Parameters
    ----------
    x_bits, y_bits : of the signed factors.
    """

    def __init__(self, x_bits: int, y_bits: int) -> None:
        super().__init__({"x": In(signed(x_bits)), "y": In(signed(y_bits)), "product": Out(signed(x_bits + y_bits))})

    def elaborate(self, platform: object) -> Module:
        m = Module()
        if not is_ecp5(platform) or max(len(self.x), len(self.y)) > FACTOR_BITS:
            x, y = Signal.like(self.x, reset_less=True), Signal.like(self.y, reset_less=True)
            product = Signal.like(self.product, reset_less=True)
            m.d.sync += [x.eq(self.x), y.eq(self.y), product.eq(x * y)]
            m.d.comb += self.product.eq(product)
            return m

        a, b, p = Signal(signed(FACTOR_BITS)), Signal(signed(FACTOR_BITS)), Signal(signed(2 * FACTOR_BITS))
        m.d.comb += [a.eq(self.x), b.eq(self.y), self.product.eq(p)]
        clocked = {f"p_REG_{place}_CLK": "CLK0" for place in ("INPUTA", "INPUTB", "OUTPUT")}
        m.submodules.block = Instance(
            "MULT18X18D",
            **clocked,
            i_CLK0=ClockSignal(),
            i_CE0=C(1, 1),
            i_RST0=C(0, 1),
            i_SIGNEDA=C(1, 1),
            i_SIGNEDB=C(1, 1),
            i_SOURCEA=C(0, 1),
            i_SOURCEB=C(0, 1),
            **{f"i_A{bit}": a[bit] for bit in range(FACTOR_BITS)},
            **{f"i_B{bit}": b[bit] for bit in range(FACTOR_BITS)},
            **{f"o_P{bit}": p[bit] for bit in range(2 * FACTOR_BITS)},
        )
        return m
