"""From a seed to the steps that bring it to the lanes' generators."""

from amaranth.hdl import Cat, Module, Signal
from amaranth.lib import stream, wiring
from amaranth.lib.wiring import In, Out

from .lane_generator import SEED_STEPS, SeedStep, seed_masks

__all__ = ["LaneSeeding"]


class LaneSeeding(wiring.Component):
    """Serial seeding of all lanes: three wires to each, and not 33.

    A seed is accepted :data:`.lane_generator.SEED_STEPS` + 2 cycles after it came. A reset begins with one of 0, which
    takes a cycle less.

    Members
    -------
    ``i`` : stream of seeds; accepted when the lanes have it. ``o`` : :data:`.lane_generator.SeedStep`.
    ``busy`` : the lanes' generators are not to be used.
    """

    i: In(stream.Signature(32))
    o: Out(SeedStep)
    busy: Out(1)

    def elaborate(self, platform: object) -> Module:
        m = Module()
        bits = Signal(SEED_STEPS)
        left = Signal(range(SEED_STEPS), init=SEED_STEPS - 1)
        working, clear = Signal(init=1), Signal(init=1)
        taking = Signal()
        m.d.comb += [
            self.o.clear.eq(clear),
            self.o.step.eq(working & ~clear),
            self.o.bit.eq(bits[0] & self.o.step),
            self.i.ready.eq(taking & ~working),
            self.busy.eq(working | taking),
        ]
        with m.If(self.i.valid & ~self.busy):
            m.d.sync += [
                taking.eq(1),
                bits.eq(Cat((self.i.payload & mask).xor() for mask in seed_masks())),
                left.eq(SEED_STEPS - 1),
                working.eq(1),
                clear.eq(1),
            ]
        with m.Elif(clear):
            m.d.sync += clear.eq(0)
        with m.Elif(working):
            m.d.sync += [left.eq(left - 1), working.eq(left != 0), bits.eq(bits >> 1)]
        with m.Else():
            m.d.sync += taking.eq(0)
        return m
