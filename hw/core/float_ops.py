"""Sequences the scalar unit's arithmetic: MUL, ADD, SUB, RSQ, REC, EXP, SIG, XN and BEST."""

from amaranth.hdl import Module, Signal
from amaranth.lib import wiring
from amaranth.lib.wiring import In, Out

from onward.hw.spec.isa import Op

from .aligner import Amount, Keep, Operands, Shift
from .function_table import Function, Left, Point, Right
from .packer import Exponent, Magnitude, Normalise, Sign
from .scalar_control import ScalarControl, Write
from .scalar_queue import short_op

__all__ = ["FloatOps"]


class FloatOps(wiring.Component):
    """Drives the datapath through one operation at a time.

    Cycles from ``start`` to ``done``, both counted: MUL 4, ADD and SUB 5 where sizes add up and 7 where they cancel,
    RSQ and REC 5, EXP 9, SIG 18, XN 4, BEST 4, and for each multiplication the cycles that the multiplier is busy.
    ``start`` may come in the cycle after ``done``.

    Members
    -------
    ``start`` : pulse; ``op`` is one of the above, and the first source register is being read.
    ``op`` : short operation code, stable until ``done``. The cycle after ``start`` reads the second source register.
    ``subtracting``, ``greater`` : of the aligner. ``busy`` : of the multiplier.
    ``control`` : of the datapath. ``done`` : the last cycle.
    """

    start: In(1)
    op: In(5)
    subtracting: In(1)
    greater: In(1)
    busy: In(1)
    control: Out(ScalarControl)
    done: Out(1)

    def elaborate(self, platform: object) -> Module:
        m = Module()
        table, align, pack = self.control.table, self.control.align, self.control.pack
        sigmoid = Signal()
        inverting = Signal()
        """SIG is at its reciprocal."""
        m.d.comb += sigmoid.eq(self.op == short_op(Op.SIG))

        def finish() -> None:
            m.d.comb += [self.control.write.eq(Write.REGISTER), self.done.eq(1)]
            m.next = "IDLE"

        def invert() -> None:
            m.d.comb += [
                table.point.eq(Point.SCALAR),
                table.function.eq(Function.RECIPROCAL),
                pack.exponent.eq(Exponent.RECIPROCAL),
                pack.sign.eq(Sign.SCALAR),
            ]

        with m.FSM():
            with m.State("IDLE"), m.If(self.start):
                m.d.sync += inverting.eq(0)
                with m.Switch(self.op):
                    with m.Case(short_op(Op.MUL)):
                        m.d.comb += [
                            table.left.eq(Left.SCALAR),
                            pack.exponent.eq(Exponent.PRODUCT),
                            pack.sign.eq(Sign.SCALAR),
                        ]
                        m.next = "FACTOR"
                    with m.Case(short_op(Op.ADD), short_op(Op.SUB), short_op(Op.BEST)):
                        m.d.comb += align.keep.eq(Keep.SCALAR)
                        m.next = "SECOND"
                    with m.Case(short_op(Op.RSQ)):
                        m.d.comb += [
                            table.point.eq(Point.SCALAR),
                            table.function.eq(Function.RSQRT),
                            pack.exponent.eq(Exponent.RSQRT),
                            pack.sign.eq(Sign.CLEAR),
                        ]
                        m.next = "TABLE"
                    with m.Case(short_op(Op.REC)):
                        invert()
                        m.next = "TABLE"
                    with m.Case(short_op(Op.EXP), short_op(Op.SIG)):
                        m.d.comb += [
                            table.left.eq(Left.SCALAR),
                            table.right.eq(Right.LOG2E),
                            pack.exponent.eq(Exponent.POWER),
                            pack.sign.eq(Sign.SCALAR),
                        ]
                        with m.If(sigmoid):
                            m.d.comb += pack.sign.eq(Sign.FLIPPED)
                        m.next = "POWER"
                    with m.Case(short_op(Op.XN)):
                        m.d.comb += [
                            pack.normalise.eq(Normalise.PIXELS),
                            pack.sign.eq(Sign.CLEAR),
                        ]
                        m.next = "COARSE"

            with m.State("FACTOR"):
                m.d.comb += [
                    table.right.eq(Right.SCALAR),
                    pack.exponent.eq(Exponent.PLUS_SCALAR),
                    pack.sign.eq(Sign.PRODUCT),
                ]
                m.next = "PRODUCT"
            with m.State("PRODUCT"):
                m.d.comb += pack.magnitude.eq(Magnitude.PRODUCT)
                with m.If(~self.busy):
                    m.next = "FINISH"
            with m.State("FINISH"):
                finish()

            with m.State("SECOND"):
                m.next = "COMPARE"
            with m.State("COMPARE"):
                m.d.comb += [
                    align.operands.eq(Operands.COMPARE),
                    align.amount.eq(Amount.DIFFERENCE),
                ]
                m.next = "ALIGN"
                with m.If(self.op == short_op(Op.BEST)):
                    m.next = "BEST"
            with m.State("ALIGN"):
                m.d.comb += [
                    align.shift.eq(Shift.SUM),
                    pack.magnitude.eq(Magnitude.SUM),
                    pack.normalise.eq(Normalise.SUM),
                    pack.exponent.eq(Exponent.LARGER),
                    pack.sign.eq(Sign.LARGER),
                ]
                m.next = "SUM"
            with m.State("SUM"):
                with m.If(sigmoid):
                    m.d.comb += self.control.write.eq(Write.RELAY)
                    m.next = "INVERT"
                with m.Elif(self.subtracting):
                    m.next = "FINE"
                with m.Else():
                    finish()
            with m.State("INVERT"):
                invert()
                m.d.sync += inverting.eq(1)
                m.next = "TABLE"
            with m.State("COARSE"):
                m.next = "FINE"
            with m.State("FINE"):
                m.d.comb += [pack.exponent.eq(Exponent.NORMAL), pack.magnitude.eq(Magnitude.NORMAL)]
                m.next = "FINISH"

            with m.State("TABLE"):
                m.d.comb += [table.left.eq(Left.POSITION), table.right.eq(Right.SLOPE)]
                m.next = "SLOPE"
            with m.State("SLOPE"), m.If(~self.busy):
                m.next = "INTERPOLATE"
            with m.State("INTERPOLATE"):
                m.d.comb += pack.magnitude.eq(Magnitude.VALUE)
                m.next = "FINISH VALUE"
            with m.State("FINISH VALUE"):
                with m.If(sigmoid & ~inverting):
                    m.d.comb += [self.control.write.eq(Write.RELAY), align.keep.eq(Keep.ONE)]
                    m.next = "SECOND"
                with m.Else():
                    finish()

            with m.State("POWER"):
                m.d.comb += pack.magnitude.eq(Magnitude.PRODUCT)
                with m.If(~self.busy):
                    m.next = "POWER AMOUNT"
            with m.State("POWER AMOUNT"):
                m.d.comb += [align.operands.eq(Operands.MANTISSA), align.amount.eq(Amount.EXPONENT)]
                m.next = "POWER SHIFT"
            with m.State("POWER SHIFT"):
                m.d.comb += align.shift.eq(Shift.POWER)
                m.next = "POWER POINT"
            with m.State("POWER POINT"):
                m.d.comb += [
                    table.point.eq(Point.POWER),
                    table.function.eq(Function.EXP2),
                    pack.exponent.eq(Exponent.EXP2),
                    pack.sign.eq(Sign.CLEAR),
                ]
                m.next = "TABLE"

            with m.State("BEST"):
                with m.If(self.greater):
                    m.d.comb += self.control.write.eq(Write.REGISTER)
                m.d.comb += self.done.eq(1)
                m.next = "IDLE"
        return m
