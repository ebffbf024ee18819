"""An 18 x 16 bit multiplier: in one step where the part has one to spare, in several small steps where it has not."""

from amaranth.hdl import C, Cat, Module, Signal
from amaranth.lib import wiring
from amaranth.lib.wiring import In, Out

__all__ = ["Multiplier"]

_LEFT_BITS = 18
_RIGHT_BITS = 16


class Multiplier(wiring.Component):
    """Two factor registers and a product register.

    Taking the right factor starts a multiplication, with the left factor taken then or before; its product is there
    ``cycles`` + 1 cycles later and stays until the next one. A factor may be taken whenever the unit is not ``busy``.

    Parameters
    ----------
    cycles : 1, 2, 4, 8 or 16; each of them multiplies by 16 / ``cycles`` bits of the right factor.

    Members
    -------
    ``take_left``, ``left`` : load the left factor. ``take_right``, ``right`` : load the right factor and multiply.
    ``product`` : of the factors. ``busy`` : the product comes later than in the next cycle.
    """

    take_left: In(1)
    left: In(_LEFT_BITS)
    take_right: In(1)
    right: In(_RIGHT_BITS)
    product: Out(_LEFT_BITS + _RIGHT_BITS)
    busy: Out(1)

    def __init__(self, cycles: int = 1) -> None:
        if cycles not in (1, 2, 4, 8, 16):
            raise ValueError(f"cycles must be 1, 2, 4, 8 or 16, not {cycles}")
        self.cycles = cycles
        super().__init__()

    def elaborate(self, platform: object) -> Module:
        m = Module()
        left = Signal(_LEFT_BITS)
        with m.If(self.take_left):
            m.d.sync += left.eq(self.left)
        if self.cycles == 1:
            right = Signal(_RIGHT_BITS)
            with m.If(self.take_right):
                m.d.sync += right.eq(self.right)
            m.d.sync += self.product.eq(left * right)
            return m

        # The right factor leaves at the low end while the product grows from the high end.
        bits = _RIGHT_BITS // self.cycles
        work = Signal(_LEFT_BITS + _RIGHT_BITS)
        following = Signal.like(work)
        steps = Signal(range(self.cycles + 1))
        m.d.comb += [
            following.eq(Cat(work[bits:_RIGHT_BITS], work[_RIGHT_BITS:] + left * work[:bits])),
            self.busy.eq(steps > 1),
        ]
        m.d.sync += work.eq(following)
        with m.If(steps != 0):
            m.d.sync += steps.eq(steps - 1)
        with m.If(steps == 1):
            m.d.sync += self.product.eq(following)
        with m.If(self.take_right):
            m.d.sync += [work.eq(Cat(self.right, C(0, _LEFT_BITS))), steps.eq(self.cycles)]
        return m
