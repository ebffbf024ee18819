"""A pipelined adder tree: two levels of two-input adders between registers."""

from __future__ import annotations

from amaranth.hdl import Module, Signal, signed
from amaranth.lib import wiring
from amaranth.lib.wiring import In, Out

__all__ = ["ReduceTree"]


class ReduceTree(wiring.Component):
    """Sum of ``count`` signed numbers; throughput one sum a cycle, latency ``latency`` = ceil(log4(count)) cycles.

    Parameters
    ----------
    count : how many numbers.
    bits : bits of each.

    Members
    -------
    ``i`` : the numbers. ``o`` : their exact sum, ``bits`` + ceil(log2(count)) bits.
    """

    def __init__(self, count: int, bits: int) -> None:
        self.count, self.bits = count, bits
        super().__init__(
            {
                "i": In(signed(bits)).array(count),
                "o": Out(signed(bits + (count - 1).bit_length())),
            }
        )

    @property
    def latency(self) -> int:
        """Cycles from ``i`` to ``o``."""
        return -(-(self.count - 1).bit_length() // 2)

    def elaborate(self, platform: object) -> Module:
        m = Module()
        level: list[Signal] = list(self.i)
        while len(level) > 1:
            groups = [level[first : first + 4] for first in range(0, len(level), 4)]
            following = []
            for group in groups:
                pairs = [_sum(m, group[first : first + 2]) for first in range(0, len(group), 2)]
                value = _sum(m, pairs)
                register = Signal.like(value, reset_less=True)
                m.d.sync += register.eq(value)
                following.append(register)
            level = following
        m.d.comb += self.o.eq(level[0])
        return m


def _sum(m: Module, numbers: list[Signal]) -> Signal:
    """The sum of one or two numbers. It is kept, as synthesis makes a larger tree of its own of several at a time."""
    if len(numbers) == 1:
        return numbers[0]
    left, right = numbers
    total = Signal(signed(max(len(left), len(right)) + 1), attrs={"keep": 1})
    m.d.comb += total.eq(left + right)
    return total
