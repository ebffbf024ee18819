"""Floating-point routines of the compact core's processor.

A scalar in work is three words: magnitude, exponent (16 bits, any), sign (the highest bit), called ``am``, ``ae`` and
``as``; ``b`` is the second operand, ``r`` the result. Routines end with RET; those that call others keep their way
back.
"""

from __future__ import annotations

from onward.hw.spec.config import CoreConfig
from onward.hw.spec.formats import ELEMENT
from onward.hw.spec.isa import INDEX_REGISTERS, SCALAR_REGISTERS
from onward.hw.spec.tables import EXP2_TABLE, LOG2E_FIXED, RECIPROCAL_TABLE, RSQRT_TABLE, generator_constant

from .microcode import DATA_WORDS, Code, In, MicroOp, Out

__all__ = ["FloatCode"]

_BIAS = 256
"""Of a shift in the form that the stream unit takes."""


class FloatCode:
    """Emits the routines.

    Parameters
    ----------
    code : what they are added to.
    config : the core.
    """

    def __init__(self, code: Code, config: CoreConfig) -> None:
        self.code, self.config = code, config
        self.generator_constant = generator_constant(config.lanes + 1)
        self.log2e = LOG2E_FIXED
        # The shift of an operand is 11 - fraction - exponent, see docs/instruction-set.md, section Broadcast.
        self.zero_shift = _BIAS + ELEMENT.fraction - config.operand.fraction
        # The larger a block is, the earlier it gets its place: then alignment leaves no gaps.
        self.scalars = code.reserve("scalars", 4 * SCALAR_REGISTERS, align=4 * SCALAR_REGISTERS)
        self.dispatch = code.reserve("dispatch", 128, align=128)
        self.indexes = code.reserve("indexes", 2 * INDEX_REGISTERS, align=2 * INDEX_REGISTERS)
        # Knots of the functions; the last one of each octave is where its last segment ends.
        self.tables: list[int] = []
        address = DATA_WORDS
        for table in (EXP2_TABLE, RECIPROCAL_TABLE, RSQRT_TABLE[:64], RSQRT_TABLE[64:]):
            self.tables.append(address)
            knots = [base for base, _ in table] + [table[-1][0] + table[-1][1]]
            for knot in knots:
                code.initial[address] = knot & 0xFFFF
                address += 1

    # pieces -------------------------------------------------------------------------------------------------------

    def product(self, port: In) -> None:
        """A = half of the product of LEFT and RIGHT, which takes a cycle."""
        code = self.code
        if code.words[-1] in [(MicroOp.OUT, port) for port in (Out.LEFT, Out.RIGHT, Out.POWER)]:
            code.op(MicroOp.NOP)
        code.read(port)

    def rounded_product(self) -> None:
        """A = upper half of the product to nearest, halves up."""
        code = self.code
        self.product(In.PRODUCT_LOW)
        code.shl()
        code.read(In.PRODUCT_HIGH)
        code.adc(0)

    def shift_left(self, bits: int) -> None:
        """A <<= bits; C and the product are lost."""
        code = self.code
        if bits < 6:
            code.shl(bits)
        else:
            code.out(Out.RIGHT)
            code.put(Out.POWER, bits)
            self.product(In.PRODUCT_LOW)

    def shift_right(self, bits: int) -> None:
        """A >>= bits; C and the product are lost."""
        code = self.code
        if bits < 6:
            code.shr(bits)
        else:
            code.out(Out.RIGHT)
            code.put(Out.POWER, 16 - bits)
            self.product(In.PRODUCT_HIGH)

    def take(self, name: str) -> None:
        """Operand ``name`` is the register at X."""
        code = self.code
        code.indirect(MicroOp.LD, 0)
        code.st(f"{name}m")
        code.indirect(MicroOp.LD, 2)
        code.st(f"{name}s")
        # zero_shift - A
        code.and_(0x3FF)
        code.xor(0xFFFF)
        code.add(self.zero_shift + 1)
        code.st(f"{name}e")

    def result_becomes(self, name: str) -> None:
        code = self.code
        for part in "mes":
            code.ld(f"r{part}")
            code.st(f"{name}{part}")

    def keep_return(self, name: str) -> None:
        self.code.read(In.RETURN)
        self.code.st(name)

    def return_to(self, name: str) -> None:
        self.code.put(Out.RETURN, name)
        self.code.ret()

    # routines -----------------------------------------------------------------------------------------------------

    def arithmetic(self) -> None:
        self.multiply()
        self.sum()
        self.normalise()
        self.near()
        self.fix()
        self.functions()
        self.random()

    def multiply(self) -> None:
        """r = a b"""
        code = self.code
        code.label("multiply")
        code.put(Out.LEFT, "am")
        code.put(Out.RIGHT, "bm")
        code.ld("as")
        code.xor("bs")
        code.st("rs")
        code.ld("ae")
        code.add("be")
        code.add(15)
        code.st("re")
        self.product(In.PRODUCT_LOW)
        code.shl()
        self.product(In.PRODUCT_HIGH)
        code.jump("multiply.top", MicroOp.JN)
        code.op(MicroOp.RCL)
        code.st("rm")
        code.ret()
        code.label("multiply.top")
        code.st("rm")
        code.ld("re")
        code.add(1)
        code.st("re")
        code.ret()

    def sum(self) -> None:
        """r = a + b"""
        code = self.code
        code.label("sum")
        code.ld("am")
        code.jump("sum.only", MicroOp.JZ)
        code.ld("bm")
        code.jump("sum.large", MicroOp.JZ)
        code.ld("ae")
        code.sub("be")
        code.jump("sum.same", MicroOp.JZ)
        code.jump("sum.swap", MicroOp.JN)
        code.jump("sum.ordered")
        code.label("sum.same")
        code.ld("am")
        code.sub("bm")
        code.jump("sum.ordered", MicroOp.JC)
        code.label("sum.swap")
        for part in "mes":
            code.ld(f"a{part}")
            code.st("t")
            code.ld(f"b{part}")
            code.st(f"a{part}")
            code.ld("t")
            code.st(f"b{part}")
        code.label("sum.ordered")
        # the smaller one, shifted right, with two more bits in l
        code.ld(0)
        code.st("h")
        code.st("l")
        code.ld("ae")
        code.sub("be")
        code.st("s")
        code.sub(18)
        code.jump("sum.add", MicroOp.JC)
        code.ld("s")
        code.jump("sum.whole", MicroOp.JZ)
        code.sub(17)
        code.jump("sum.last", MicroOp.JZ)
        code.ld(16)
        code.sub("s")
        code.out(Out.POWER)
        code.put(Out.RIGHT, "bm")
        self.product(In.PRODUCT_HIGH)
        code.st("h")
        code.read(In.PRODUCT_LOW)
        code.and_(0xC000)
        code.st("l")
        code.jump("sum.add")
        code.label("sum.last")
        code.ld(0x4000)
        code.st("l")
        code.jump("sum.add")
        code.label("sum.whole")
        code.ld("bm")
        code.st("h")
        code.label("sum.add")
        code.ld("ae")
        code.st("re")
        code.ld("as")
        code.st("rs")
        code.xor("bs")
        code.jump("sum.less", MicroOp.JN)
        code.ld("am")
        code.add("h")
        code.st("rm")
        code.jump("sum.carry", MicroOp.JC)
        code.ret()
        code.label("sum.carry")
        code.op(MicroOp.RCR)
        code.st("rm")
        code.ld("re")
        code.add(1)
        code.st("re")
        code.ret()
        code.label("sum.less")
        code.ld(0)
        code.sub("l")
        code.st("l")
        code.ld("am")
        code.sbc("h")
        code.st("h")
        code.jump("normalise")
        code.label("sum.only")
        for part in "mes":
            code.ld(f"b{part}")
            code.st(f"a{part}")
        code.label("sum.large")
        for part in "mes":
            code.ld(f"a{part}")
            code.st(f"r{part}")
        code.ret()

    def negate_words(self) -> None:
        """h:l = -h:l; C = 0 if it was not 0."""
        code = self.code
        code.ld(0)
        code.sub("l")
        code.st("l")
        code.ld(0)
        code.sbc("h")
        code.st("h")

    def normalise(self) -> None:
        """Integers become scalars: those that are left in h:l, and the stream unit's total."""
        code = self.code
        # r = the stream unit's total times 2^(A - 16), and A = rm
        code.label("float total")
        code.st("re")
        code.read(In.TOTAL_HIGH)
        code.st("rs")
        code.jump("total.negative", MicroOp.JN)
        code.jump("total.large", MicroOp.JNZ)
        code.read(In.TOTAL_MIDDLE)
        code.st("h")
        code.read(In.TOTAL_LOW)
        code.st("l")

        # r = h:l times 2^(re - 16), and A = rm
        code.label("normalise")
        code.ld("h")
        code.jump("normalise.low", MicroOp.JZ)
        code.label("normalise.high")
        code.op(MicroOp.LZC)
        code.st("s")
        code.out(Out.POWER)
        code.put(Out.RIGHT, "l")
        code.ld("re")
        code.sub("s")
        code.st("re")
        code.read(In.PRODUCT_HIGH)
        code.st("l")
        code.put(Out.RIGHT, "h")
        self.product(In.PRODUCT_LOW)
        code.or_("l")
        code.st("rm")
        code.ret()
        code.label("normalise.low")
        code.st("rm")
        code.ld("re")
        code.sub(16)
        code.st("re")
        code.ld("l")
        code.st("h")
        code.ld(0)
        code.st("l")
        code.ld("h")
        code.jump("normalise.high", MicroOp.JNZ)
        code.ret()

        code.label("total.negative")
        code.read(In.TOTAL_LOW)
        code.st("l")
        code.read(In.TOTAL_MIDDLE)
        code.st("h")
        self.negate_words()
        code.ld(0)
        code.sbc("rs")
        code.jump("normalise", MicroOp.JZ)
        code.st("t")
        code.ld("h")
        code.st("l")
        code.ld("t")
        code.st("h")
        code.jump("total.three")
        code.label("total.large")
        code.st("h")
        code.read(In.TOTAL_MIDDLE)
        code.st("l")
        code.label("total.three")
        code.ld("re")
        code.add(16)
        code.st("re")
        code.jump("normalise")

    def near(self) -> None:
        """A = h / 2^A to nearest, halves up"""
        code = self.code
        code.label("near")
        code.jump("near.whole", MicroOp.JZ)
        code.st("near")
        code.sub(17)
        code.jump("near.nothing", MicroOp.JC)
        code.ld(16)
        code.sub("near")
        code.out(Out.POWER)
        code.put(Out.RIGHT, "h")
        self.rounded_product()
        code.ret()
        code.label("near.whole")
        code.ld("h")
        code.ret()
        code.label("near.nothing")
        code.ld(0)
        code.ret()

    def fix(self) -> None:
        """A = r in the vector format, saturated"""
        code = self.code
        code.label("fix")
        self.keep_return("fix return")
        code.ld("rm")
        code.jump("fix.done", MicroOp.JZ)
        code.st("h")
        code.ld(-ELEMENT.fraction)
        code.sub("re")
        code.jump("fix.saturates", MicroOp.JN)
        code.call("near")
        code.st("h")
        code.ld("rs")
        code.jump("fix.negative", MicroOp.JN)
        code.ld("h")
        code.jump("fix.done", MicroOp.JNN)
        code.label("fix.saturates")
        code.out(Out.SATURATED)
        code.ld("rs")
        code.shl()
        code.ld(0x7FFF)
        code.adc(0)
        code.jump("fix.done")
        code.label("fix.negative")
        code.ld(0x8000)
        code.sub("h")
        code.jump("fix.saturates", MicroOp.JNC)
        code.ld(0)
        code.sub("h")
        code.label("fix.done")
        code.st("h")
        code.put(Out.RETURN, "fix return")
        code.ld("h")
        code.ret()

    def look_up(self, table: int, shifts: int, offset: str | None = None) -> None:
        """X = the segment of a function table, ``base`` = the knot behind it; LEFT = the position in it, times 64.

        ``offset`` is added to the segment.
        """
        code = self.code
        code.out(Out.RIGHT)
        code.put(Out.POWER, 16 - shifts)
        self.product(In.PRODUCT_HIGH)
        if shifts < 10:
            code.and_(63)
        code.add(table + 1)
        if offset:
            code.add(offset)
        code.out(Out.X)
        code.sub(1)
        code.st("x at")
        code.read(In.PRODUCT_LOW)
        code.out(Out.LEFT)
        code.indirect(MicroOp.LD)
        code.st("base")
        code.put(Out.X, "x at")

    def power_of_two(self) -> None:
        """A = 2^15 * 2^l, l with 16 bits behind the point."""
        code = self.code
        code.ld("l")
        self.look_up(self.tables[0], 10)
        code.ld("base")
        code.indirect(MicroOp.SUB)
        code.out(Out.RIGHT)
        self.product(In.PRODUCT_HIGH)
        code.indirect(MicroOp.ADD)

    def falling(self) -> None:
        """A = the falling function at the place looked up; 0 stands for 2^16."""
        code = self.code
        code.indirect(MicroOp.LD)
        code.sub("base")
        code.out(Out.RIGHT)
        self.product(In.PRODUCT_LOW)
        code.st("t")
        code.read(In.PRODUCT_HIGH)
        code.st("u")
        code.ld(0)
        code.sub("t")  # C = 0 if any bits are cut off: the change is then one larger
        code.indirect(MicroOp.LD)
        code.sbc("u")

    def functions(self) -> None:
        code = self.code
        # A = 2^31 / am
        code.label("inverse")
        code.ld("am")
        self.look_up(self.tables[1], 9)
        self.falling()
        code.ret()

        code.label("function.magnitude")
        code.st("rm")
        code.jump("function.done", MicroOp.JNZ)
        code.ld(0x8000)
        code.st("rm")
        code.ld("re")
        code.add(1)
        code.st("re")
        code.label("function.done")
        self.return_to("function return")

        code.label("reciprocal")
        self.keep_return("function return")
        code.label("reciprocal.kept")
        code.ld("as")
        code.st("rs")
        code.ld("am")
        code.jump("reciprocal.zero", MicroOp.JZ)
        code.ld(-31)
        code.sub("ae")
        code.st("re")
        code.call("inverse")
        code.jump("function.magnitude")
        code.label("reciprocal.zero")
        code.st("rs")
        code.ld(127)
        code.st("re")
        code.ld(0xFFFF)
        code.st("rm")
        code.jump("function.done")

        code.label("exponential")
        self.keep_return("function return")
        code.call("exponential.inner")
        code.jump("function.done")

        code.label("sigmoid")
        self.keep_return("function return")
        code.ld("as")
        code.xor(0x8000)
        code.st("as")
        code.call("exponential.inner")
        self.result_becomes("b")
        code.ld(0x8000)
        code.st("am")
        code.ld(-15)
        code.st("ae")
        code.ld(0)
        code.st("as")
        code.call("sum")
        self.result_becomes("a")
        code.jump("reciprocal.kept")

        code.label("exponential.inner")
        self.keep_return("inner return")
        code.ld(2 * self.log2e)
        code.st("bm")
        code.ld(-15)
        code.st("be")
        code.ld(0)
        code.st("bs")
        code.call("multiply")
        code.ld("re")
        code.add(8)
        code.jump("exponential.small", MicroOp.JN)
        code.ld("rm")
        code.jump("exponential.small", MicroOp.JZ)
        # beyond 2^128, or below 2^-128
        code.ld("rs")
        code.jump("exponential.zero", MicroOp.JN)
        code.ld(127)
        code.st("re")
        code.ld(0xFFFF)
        code.st("rm")
        code.jump("inner.done")
        code.label("exponential.zero")
        code.ld(0)
        code.st("rm")
        code.st("rs")
        code.jump("inner.done")
        code.label("exponential.small")
        # h:l = the power of two, 16 bits behind the point
        code.ld(0)
        code.st("h")
        code.st("l")
        code.ld("re")
        code.add(32)
        code.jump("exponential.power", MicroOp.JN)
        code.jump("exponential.power", MicroOp.JZ)
        code.sub(16)
        code.jump("exponential.right", MicroOp.JN)
        code.out(Out.POWER)
        code.put(Out.RIGHT, "rm")
        self.product(In.PRODUCT_LOW)
        code.st("l")
        code.read(In.PRODUCT_HIGH)
        code.st("h")
        code.jump("exponential.power")
        code.label("exponential.right")
        code.add(16)
        code.out(Out.POWER)
        code.put(Out.RIGHT, "rm")
        self.product(In.PRODUCT_HIGH)
        code.st("l")
        code.label("exponential.power")
        code.ld("rs")
        code.jump("exponential.sign", MicroOp.JNN)
        self.negate_words()
        code.ld(0)
        code.st("rs")
        code.label("exponential.sign")
        code.ld("h")
        code.sub(15)
        code.st("re")
        self.power_of_two()
        code.st("rm")
        code.label("inner.done")
        self.return_to("inner return")

    def random(self) -> None:
        """One step of the generator g1:g0: xorshift32 with 13, 17, 5"""
        code = self.code
        code.label("random")
        self.shifted_in(13)
        code.ld("g1")
        code.shr()
        code.xor("g0")
        code.st("g0")
        self.shifted_in(5)
        code.ret()

    def shifted_in(self, bits: int) -> None:
        """g ^= g << bits"""
        code = self.code
        code.put(Out.LEFT, 1 << bits)
        code.put(Out.RIGHT, "g1")
        self.product(In.PRODUCT_LOW)
        code.xor("g1")
        code.st("g1")
        code.put(Out.RIGHT, "g0")
        self.product(In.PRODUCT_HIGH)
        code.xor("g1")
        code.st("g1")
        code.read(In.PRODUCT_LOW)
        code.xor("g0")
        code.st("g0")
