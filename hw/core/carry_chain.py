"""Additions with a choice, in a single carry chain."""

from collections.abc import Sequence

from amaranth.hdl import C, Cat, Instance, Module, Signal, Value, ValueLike, signed

from .ecp5 import is_ecp5

__all__ = ["add_chosen", "add_or_subtract"]

_CHOOSE_AND_ADD = sum(
    ((a ^ (other if choose else one)) << (a | choose << 1 | one << 2 | other << 3))
    for a in range(2)
    for choose in range(2)
    for one in range(2)
    for other in range(2)
)
"""Contents of the lookup tables of a CCU2C: A plus C, or plus D with B."""


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


def add_chosen(
    m: Module, platform: object, base: ValueLike, choices: Sequence[ValueLike], choice: ValueLike, bits: int
) -> Signal:
    """``base + choices[choice]``, combinationally; ``bits`` bits, signed, wrapping.

    On an ECP5, the choice between two takes no lookup tables of its own, as more do: a carry cell has a table of four
    inputs before its adder, and synthesis uses two of them (Lattice FPGA-TN-02218, CCU2C in ripple mode).
    """
    # Without names: synthesis, which keeps one name for a wire, is to keep those of what is added.
    left, result, *numbers = (Signal(signed(bits), name="") for _ in range(len(choices) + 2))
    m.d.comb += [left.eq(base), *(number.eq(value) for number, value in zip(numbers, choices, strict=True))]
    if len(choices) != 2 or not is_ecp5(platform):
        right = Signal(signed(bits), name="")
        with m.Switch(choice):
            for index, number in enumerate(numbers):
                with m.Case(index):
                    m.d.comb += right.eq(number)
        m.d.comb += result.eq(left + right)
        return result

    carry: ValueLike = C(0, 1)
    sums = []
    for low in range(0, bits, 2):
        inputs = {
            f"i_{port}{half}": (value[low + half] if low + half < bits else C(0, 1))
            for half in range(2)
            for port, value in (("A", left), ("C", numbers[0]), ("D", numbers[1]))
        }
        following, pair = Signal(name=""), Signal(2, name="")
        m.submodules += Instance(
            "CCU2C",
            p_INIT0=C(_CHOOSE_AND_ADD, 16),
            p_INIT1=C(_CHOOSE_AND_ADD, 16),
            p_INJECT1_0="NO",
            p_INJECT1_1="NO",
            i_CIN=carry,
            i_B0=choice,
            i_B1=choice,
            **inputs,
            o_S0=pair[0],
            o_S1=pair[1],
            o_COUT=following,
        )
        carry = following
        sums.append(pair)
    m.d.comb += result.eq(Cat(sums))
    return result
