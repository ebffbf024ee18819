"""Addition and subtraction by choice in a single carry chain."""

from amaranth.hdl import C, Cat, Module, Signal, Value, ValueLike, signed

__all__ = ["add_or_subtract"]


def add_or_subtract(
    m: Module, base: ValueLike, operand: ValueLike, subtract: ValueLike, bits: int, carry: ValueLike | None = None
) -> Signal:
    """``base + operand``, or ``base - operand`` if ``subtract``; ``bits`` bits, signed, wrapping.

    ``carry`` replaces ``subtract`` as the carry in: 1 with an addition adds one more, 0 with a subtraction takes one
    more off. It is written as a sum with an extra lowest bit because synthesis makes one chain of that, and two of
    ``base + Mux(subtract, -operand, operand)``.
    """
    left, right, result = (Signal(signed(bits)) for _ in range(3))
    subtract = Value.cast(subtract)[0]
    low = subtract if carry is None else Value.cast(carry)[0]
    m.d.comb += [
        left.eq(base),
        right.eq(operand),
        result.eq((Cat(C(1, 1), left) + Cat(low, (right ^ subtract.replicate(bits))[:bits]))[1:]),
    ]
    return result
