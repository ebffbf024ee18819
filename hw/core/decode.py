"""What each operation asks of the lanes."""

from __future__ import annotations

from amaranth.hdl import Module
from amaranth.lib import data

from onward.hw.spec.isa import Op, Store

from .uop import X, Y
from .vector_op import HostOp

__all__ = ["decode"]


def decode(m: Module, word: data.View, flags: data.View) -> None:
    """Drive ``flags`` (:data:`.uop.Flags`) from ``word`` (:class:`.vector_op.VectorOp`), combinationally.

    ``flags.init`` is meant for the instruction's first micro-operation, the only one that may clear the accumulators.
    """
    m.d.comb += [
        flags.init.eq(word.init),
        flags.function.eq(Store(0)),
        flags.fine.eq(word.fine),
    ]

    def case(op: int, x: X, y: Y, **bits: int) -> None:
        with m.Case(op):
            m.d.comb += [flags.x.eq(x), flags.y.eq(y)]
            m.d.comb += [flags[name].eq(value) for name, value in bits.items()]

    with m.Switch(word.op):
        case(Op.MAC, X.WEIGHT, Y.OPERAND, accumulate=1, product=1, fine=0)
        case(Op.UPD, X.VECTOR, Y.OPERAND, update=1, product=1)
        case(Op.RED, X.VECTOR, Y.SECOND, reduce=1, product=1)
        case(Op.DOT, X.VECTOR, Y.SECOND, reduce=1, product=1)
        case(Op.ROWS, X.WEIGHT, Y.SECOND, reduce=1, product=1)
        case(Op.MACV, X.VECTOR, Y.OPERAND, accumulate=1, product=1, fine=0)
        case(Op.MACVV, X.VECTOR, Y.SECOND, accumulate=1, product=1)
        case(Op.NOISE, X.NOISE, Y.OPERAND, accumulate=1, product=1, fine=0)
        case(Op.SCAT, X.ONE, Y.MASKED, accumulate=1, product=1, fine=0)
        case(Op.LMAC, X.WEIGHT, Y.GROUP, accumulate=1, product=1, lateral=1)
        case(Op.LUPD, X.VECTOR, Y.GROUP, update=1, product=1, lateral=1, fine=1)
        with m.Case(Op.ST):
            m.d.comb += [flags.store.eq(1), flags.function.eq(word.function)]
        case(HostOp.LOAD_LANE, X.ONE, Y.MASKED, accumulate=1)
        case(HostOp.STORE_ROW, X.ONE, Y.OPERAND, store_row=1)
        case(HostOp.READ_WEIGHT, X.WEIGHT, Y.MASKED, reduce=1)
        case(HostOp.READ_VECTOR, X.VECTOR, Y.MASKED, reduce=1)
