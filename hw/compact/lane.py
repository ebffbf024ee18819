"""One lane: multiplier with accumulator, stochastic update, random generator."""

from __future__ import annotations

from amaranth.hdl import Cat, Module, Mux, Signal, signed
from amaranth.lib import data, wiring
from amaranth.lib.wiring import In, Out

from onward.hw.core.generator import Generator
from onward.hw.spec.config import CoreConfig
from onward.hw.spec.formats import ELEMENT

from .mac import Accumulator

__all__ = ["WRAPS", "CompactLane", "LaneControl"]

WRAPS = 9
"""Bits that count how often the 32-bit accumulator has wrapped: any sum that a program may make is within them."""

LaneControl = data.StructLayout(
    {
        "vector_first": 1,  # the first factor is the vector register, else the weight
        "vector_second": 1,  # the second factor is the vector register, else the operand
        "add": 1,  # factors of the cycle before
        "clear": 1,  # the accumulator starts at 0, or with ``half`` at half a unit of a stored vector
        "half": 1,
        "load": 1,  # the accumulator starts at the weight and the random bits of an update
        "fine": 1,
        "step": 1,
        "update": 1,  # the accumulator gives the result
    }
)
"""What all lanes do in a cycle."""


class CompactLane(wiring.Component):
    """A product is in the accumulator two cycles after its factors were there.

    An update takes the accumulator, too: it starts at the weight, with the random bits behind its last place, gets the
    product, and the bits behind the last place are dropped. Whatever sum was there is lost.

    Members
    -------
    ``control`` : :data:`LaneControl`.
    ``weight``, ``vector``, ``operand`` : factors. ``weight`` is also what an update changes, taken with ``load``.
    ``total`` : the sum since ``clear``, modulo 2^32. ``wraps`` : what it lacks in units of 2^32, a cycle later.
    ``result``, ``saturated`` : of the last update.
    ``seed_valid``, ``seed`` : restart of the generator.
    """

    def __init__(self, config: CoreConfig, index: int) -> None:
        self.config = config
        self._generator = Generator(index)
        super().__init__(
            {
                "control": In(LaneControl),
                "weight": In(signed(16)),
                "vector": In(signed(16)),
                "operand": In(signed(16)),
                "total": Out(signed(32)),
                "wraps": Out(signed(WRAPS)),
                "result": Out(signed(16)),
                "saturated": Out(1),
                "seed_valid": In(1),
                "seed": In(32),
            }
        )

    def elaborate(self, platform: object) -> Module:
        m = Module()
        config, control = self.config, self.control
        m.submodules.generator = generator = self._generator
        m.submodules.sum = total = Accumulator()
        m.d.comb += [
            generator.step.eq(control.step),
            generator.seed_valid.eq(self.seed_valid),
            generator.seed.eq(self.seed),
        ]
        coarse = ELEMENT.fraction + config.operand.fraction - config.weight.fraction
        fine = ELEMENT.fraction + config.fine_operand.fraction - config.weight.fraction
        random = generator.state[16:]
        # At most 2^31 - 1 with any product, at least -2^31: no bit is lost.
        start = Signal(signed(32))
        with m.If(control.load):
            m.d.comb += start.eq(
                Mux(
                    control.fine,
                    Cat(random[16 - fine :], self.weight).as_signed(),
                    Cat(random[16 - coarse :], self.weight).as_signed(),
                )
            )
        with m.Else():
            m.d.comb += start[15].eq(control.half)
        m.d.comb += [
            total.a.eq(Mux(control.vector_first, self.vector, self.weight)),
            total.b.eq(Mux(control.vector_second, self.vector, self.operand)),
            total.add.eq(control.add),
            total.load.eq(control.clear | control.load),
            total.start.eq(start),
        ]

        # A product is less than a quarter of the range: the two upper bits tell a wrap from a change of sign.
        before = Signal(2)
        wraps = Signal(signed(WRAPS))
        up, down = Signal(), Signal()
        m.d.sync += before.eq(total.o[30:])
        m.d.comb += [
            up.eq((before == 0b01) & (total.o[30:] == 0b10)),
            down.eq((before == 0b10) & (total.o[30:] == 0b01)),
        ]
        with m.If(control.clear):
            m.d.sync += wraps.eq(0)
        with m.Elif(up | down):
            m.d.sync += wraps.eq(wraps + Cat(1, down.replicate(WRAPS - 1)).as_signed())
        m.d.comb += [self.total.eq(total.o), self.wraps.eq(wraps)]

        new = Signal(signed(32 - coarse))
        m.d.comb += new.eq(Mux(control.fine, total.o[fine:].as_signed(), total.o[coarse:].as_signed()))
        high = new[15:]
        fits = Signal()
        m.d.comb += fits.eq((high == 0) | high.all())
        with m.If(control.update):
            m.d.sync += [
                self.result.eq(Mux(fits, new[:16], Cat((~new[-1]).replicate(15), new[-1]))),
                self.saturated.eq(~fits),
            ]
        return m
