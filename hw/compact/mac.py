"""The three ways in which the compact core uses a 16 x 16 multiplier of the iCE40, and their behaviour elsewhere.

All of its multipliers are instances. Yosys' inference (``synth_ice40 -dsp``) must stay off: it rewrites instances as if
they were products that it had found itself, and their registers and accumulators are lost.
"""

from amaranth.hdl import C, ClockSignal, Const, Instance, Module, Mux, Signal, signed
from amaranth.lib import wiring
from amaranth.lib.wiring import In, Out

__all__ = ["Accumulator", "SignedProduct", "UnsignedProduct", "is_ice40"]

_SELECT_PRODUCT = 2
_SELECT_REGISTER = 1
_CARRY_FROM_BELOW = 2


def is_ice40(platform: object) -> bool:
    """Whether ``platform`` is an iCE40 UltraPlus, whose hard blocks are then instantiated."""
    return str(getattr(platform, "device", "")).lower().startswith("ice40up")


class Accumulator(wiring.Component):
    """Factors, multiplier and a 32-bit accumulator: one SB_MAC16.

    Both factors are registered; their product is added in the cycle after. Wraps at 32 bits.

    Members
    -------
    ``a``, ``b`` : factors, taken every cycle. ``add`` : the product of the factors of the cycle before is added.
    ``load``, ``start`` : the accumulator becomes ``start`` instead. ``o`` : the accumulator.
    """

    a: In(signed(16))
    b: In(signed(16))
    add: In(1)
    load: In(1)
    start: In(32)
    o: Out(32)

    def elaborate(self, platform: object) -> Module:
        m = Module()
        if is_ice40(platform):
            hold = Signal()
            m.d.comb += hold.eq(~(self.add | self.load))
            m.submodules.mac = _mac16(
                signed_b=True,
                i_A=self.a,
                i_B=self.b,
                i_C=self.start[16:],
                i_D=self.start[:16],
                i_OLOADTOP=self.load,
                i_OLOADBOT=self.load,
                i_OHOLDTOP=hold,
                i_OHOLDBOT=hold,
                o_O=self.o,
            )
            return m
        a, b = Signal(signed(16)), Signal(signed(16))
        m.d.sync += [a.eq(self.a), b.eq(self.b)]
        with m.If(self.load):
            m.d.sync += self.o.eq(self.start)
        with m.Elif(self.add):
            m.d.sync += self.o.eq(self.o + a * b)
        return m


class SignedProduct(wiring.Component):
    """``a * b`` or its negative, two cycles later: one SB_MAC16.

    Members
    -------
    ``a``, ``b`` : factors, the second one unsigned. ``negate`` : constant while factors are on their way.
    ``o`` : product.
    """

    a: In(signed(16))
    b: In(16)
    negate: In(1)
    o: Out(signed(32))

    def elaborate(self, platform: object) -> Module:
        m = Module()
        if is_ice40(platform):
            m.submodules.mac = _mac16(
                signed_b=False,
                adds_inputs=True,
                i_A=self.a,
                i_B=self.b,
                i_ADDSUBTOP=self.negate,
                i_ADDSUBBOT=self.negate,
                o_O=self.o,
            )
            return m
        a, b = Signal(signed(16)), Signal(16)
        m.d.sync += [a.eq(self.a), b.eq(self.b), self.o.eq(Mux(self.negate, -(a * b), a * b))]
        return m


class UnsignedProduct(wiring.Component):
    """``a * b`` of factors that are taken when told and then kept: one SB_MAC16.

    Members
    -------
    ``a``, ``b`` : unsigned factors. ``take_a``, ``take_b`` : keep what is there now.
    ``o`` : product, two cycles after its factors were taken.
    """

    a: In(16)
    b: In(16)
    take_a: In(1)
    take_b: In(1)
    o: Out(32)

    def elaborate(self, platform: object) -> Module:
        m = Module()
        if is_ice40(platform):
            m.submodules.mac = _mac16(
                signed_a=False,
                signed_b=False,
                adds_inputs=True,
                i_AHOLD=~self.take_a,
                i_BHOLD=~self.take_b,
                i_A=self.a,
                i_B=self.b,
                o_O=self.o,
            )
            return m
        a, b = Signal(16), Signal(16)
        with m.If(self.take_a):
            m.d.sync += a.eq(self.a)
        with m.If(self.take_b):
            m.d.sync += b.eq(self.b)
        m.d.sync += self.o.eq(a * b)
        return m


_AT_REST = {f"i_{name}": Const(0, 16) for name in ("C", "D")} | {
    f"i_{name}": Const(0)
    for name in ("AHOLD", "BHOLD", "ADDSUBTOP", "ADDSUBBOT", "OLOADTOP", "OLOADBOT", "OHOLDTOP", "OHOLDBOT")
}
"""Ports of an SB_MAC16 that a use need not name: adds 0, loads nothing, holds nothing."""


def _mac16(signed_b: bool, adds_inputs: bool = False, signed_a: bool = True, **ports: object) -> Instance:
    """16 x 16 with registered factors, and the registered 32-bit adder behind it."""
    upper = int(adds_inputs)  # 0: the accumulator itself, 1: inputs C and D
    return Instance(
        "SB_MAC16",
        p_A_REG=C(1, 1),
        p_B_REG=C(1, 1),
        p_TOPOUTPUT_SELECT=C(_SELECT_REGISTER, 2),
        p_TOPADDSUB_LOWERINPUT=C(_SELECT_PRODUCT, 2),
        p_TOPADDSUB_UPPERINPUT=C(upper, 1),
        p_TOPADDSUB_CARRYSELECT=C(_CARRY_FROM_BELOW, 2),
        p_BOTOUTPUT_SELECT=C(_SELECT_REGISTER, 2),
        p_BOTADDSUB_LOWERINPUT=C(_SELECT_PRODUCT, 2),
        p_BOTADDSUB_UPPERINPUT=C(upper, 1),
        p_BOTADDSUB_CARRYSELECT=C(0, 2),
        p_A_SIGNED=C(int(signed_a), 1),
        p_B_SIGNED=C(int(signed_b), 1),
        i_CLK=ClockSignal(),
        i_CE=Const(1),
        i_CHOLD=Const(0),
        i_DHOLD=Const(0),
        i_IRSTTOP=Const(0),
        i_IRSTBOT=Const(0),
        i_ORSTTOP=Const(0),
        i_ORSTBOT=Const(0),
        i_CI=Const(0),
        i_ACCUMCI=Const(0),
        i_SIGNEXTIN=Const(0),
        **(_AT_REST | ports),
    )
