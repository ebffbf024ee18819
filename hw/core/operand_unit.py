"""Turns elements into broadcast operands: element x scalar, rounded."""

from __future__ import annotations

from amaranth.hdl import Module, Mux, Signal, signed
from amaranth.lib import data, wiring
from amaranth.lib.wiring import In, Out

from onward.hw.spec.config import CoreConfig
from onward.hw.spec.formats import ELEMENT

from .generator import Generator

__all__ = ["OperandUnit"]

_LARGEST_SHIFT = 40


class OperandUnit(wiring.Component):
    """``m = round(x * scale)`` in the operand format or, with ``fine``, the fine operand format.

    Latency ``LATENCY`` = 4 cycles, throughput one element a cycle. The rule is the one of
    ``docs/instruction-set.md``, section Broadcast.

    Parameters
    ----------
    config : the core.

    Members
    -------
    ``x`` : vector-format element. ``scale`` : packed scalar. ``neg`` : negate. ``fine`` : format of the result.
    ``stochastic`` : round stochastically; steps the generator, so it must be high only for elements that count.
    ``m`` : operand, 4 cycles later. ``saturated`` : it was saturated.
    ``seed_valid``, ``seed`` : restart of the generator.
    """

    LATENCY = 4

    def __init__(self, config: CoreConfig) -> None:
        self.config = config
        super().__init__(
            {
                "x": In(signed(ELEMENT.bits)),
                "scale": In(25),
                "neg": In(1),
                "fine": In(1),
                "stochastic": In(1),
                "m": Out(signed(config.operand_bits)),
                "saturated": Out(1),
                "seed_valid": In(1),
                "seed": In(32),
            }
        )

    def elaborate(self, platform: object) -> Module:
        m = Module()
        config = self.config
        m.submodules.generator = generator = Generator(config.lanes)
        m.d.comb += [generator.seed_valid.eq(self.seed_valid), generator.seed.eq(self.seed)]
        scale = data.View(data.StructLayout({"magnitude": 16, "exponent": 8, "sign": 1}), self.scale)

        # cycle 1: product of the magnitudes' size, and the shift that its format asks for
        product = Signal(signed(33))
        shift = Signal(signed(11))
        negative = Signal()
        stochastic = [Signal(name=f"stochastic_{cycle}") for cycle in range(1, 4)]
        exponent = scale.exponent.as_signed()
        fraction = Mux(self.fine, config.fine_operand.fraction, config.operand.fraction)
        m.d.sync += [
            product.eq(self.x * scale.magnitude),
            negative.eq(scale.sign ^ self.neg),
            shift.eq(ELEMENT.fraction - fraction - exponent),
            stochastic[0].eq(self.stochastic),
            stochastic[1].eq(stochastic[0]),
            stochastic[2].eq(stochastic[1]),
        ]

        # cycle 2: sign; shift by multiples of eight
        coarse = Signal(signed(33 + 16 + 1))
        fine_shift = Signal(3)
        overflow, sign = Signal(), Signal()
        with_sign = Signal(signed(34))
        m.d.comb += with_sign.eq(Mux(negative, -product, product))
        with m.Switch(shift[3:6]):
            for step in range(_LARGEST_SHIFT // 8 + 1):
                with m.Case(step):
                    m.d.sync += coarse.eq((with_sign << 16) >> (8 * step))
            with m.Default():
                m.d.sync += coarse.eq(0)
        m.d.sync += [
            fine_shift.eq(shift[:3]),
            overflow.eq((shift < 0) & (product != 0)),
            sign.eq(with_sign < 0),
        ]
        with m.If(shift > _LARGEST_SHIFT):
            m.d.sync += coarse.eq(0)

        # cycle 3: the rest of the shift; the generator steps here, its new state is used in cycle 4
        shifted = Signal.like(coarse)
        overflow_3, sign_3 = Signal(), Signal()
        m.d.sync += [shifted.eq(coarse >> fine_shift), overflow_3.eq(overflow), sign_3.eq(sign)]
        m.d.comb += generator.step.eq(stochastic[1])

        # cycle 4: rounding and saturation
        total = Signal(signed(len(coarse) + 1 - 16))
        rounding = Mux(stochastic[2], generator.state[16:], 1 << 15)
        m.d.comb += total.eq((shifted + rounding) >> 16)
        high = total[config.operand_bits - 1 :]
        fits = ((high == 0) | high.all()) & ~overflow_3
        below = Mux(overflow_3, sign_3, total < 0)
        m.d.sync += [
            self.m.eq(Mux(fits, total, Mux(below, config.operand.min, config.operand.max))),
            self.saturated.eq(~fits),
        ]
        return m
