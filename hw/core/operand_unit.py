"""Turns elements into broadcast operands: element x scalar, rounded."""

from __future__ import annotations

from amaranth.hdl import Cat, Module, Mux, Signal, signed
from amaranth.lib import data, wiring
from amaranth.lib.wiring import In, Out

from onward.hw.spec.config import CoreConfig
from onward.hw.spec.formats import ELEMENT

from .generator import Generator

__all__ = ["OperandUnit"]

_LARGEST_SHIFT = 40
_GUARD = 16
"""Bits below the operand's lowest: as many as the random bits that round it."""


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

        # cycle 2: shift by multiples of eight. The sign comes after the shift, and must know what that has lost: with n
        # bits shifted out, -p >> n is ~(p >> n), and one more if all of them were 0.
        coarse = Signal(signed(33 + _GUARD))
        fine_shift = Signal(3)
        overflow, below, negative_2, lost = Signal(), Signal(), Signal(), Signal()
        m.d.sync += [coarse.eq(0), lost.eq(0)]
        with m.If(shift <= _LARGEST_SHIFT), m.Switch(shift[3:6]):
            for step in range(_LARGEST_SHIFT // 8 + 1):
                with m.Case(step):
                    m.d.sync += [
                        coarse.eq((product << _GUARD) >> (8 * step)),
                        lost.eq(product[: max(0, 8 * step - _GUARD)].any()),
                    ]
        m.d.sync += [
            fine_shift.eq(shift[:3]),
            overflow.eq((shift < 0) & (product != 0)),
            below.eq(product[-1] ^ negative),
            negative_2.eq(negative),
        ]

        # cycle 3: the rest of the shift, and the sign; the generator steps here, its new state is used in cycle 4
        shifted = Signal.like(coarse)
        overflow_3, below_3, carry = Signal(), Signal(), Signal()
        m.d.sync += [
            shifted.eq((coarse >> fine_shift) ^ negative_2.replicate(len(shifted))),
            carry.eq(negative_2 & ~lost & ((coarse[:7] & ((1 << fine_shift) - 1)) == 0)),
            overflow_3.eq(overflow),
            below_3.eq(below),
        ]
        m.d.comb += generator.step.eq(stochastic[1])

        # cycle 4: rounding and saturation
        total = Signal(signed(len(shifted) + 1 - _GUARD))
        rounding = Mux(stochastic[2], generator.state[16:], 1 << (_GUARD - 1))
        # Carry in and sum are one carry chain if it is a bit of both.
        m.d.comb += total.eq((Cat(carry, shifted).as_signed() + Cat(1, rounding)) >> (_GUARD + 1))
        high = total[config.operand_bits - 1 :]
        fits = ((high == 0) | high.all()) & ~overflow_3
        is_below = Mux(overflow_3, below_3, total < 0)
        m.d.sync += [
            self.m.eq(Mux(fits, total, Mux(is_below, config.operand.min, config.operand.max))),
            self.saturated.eq(~fits),
        ]
        return m
