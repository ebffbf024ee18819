"""The compact core's processor: 16 bits, one operation a cycle, its registers in a block RAM."""

from __future__ import annotations

from collections.abc import Sequence

from amaranth.hdl import Cat, Module, Mux, Signal
from amaranth.lib import wiring
from amaranth.lib.memory import Memory
from amaranth.lib.wiring import In, Out

from .microcode import ARGUMENT_BITS, CODE_BITS, CODE_WORDS, DATA_WORDS, INDIRECT, TABLE_WORDS, MicroOp
from .microcode import Out as Port

__all__ = ["Processor"]

_PORT_BITS = 6
_X_BITS = (DATA_WORDS + TABLE_WORDS - 1).bit_length()


class Processor(wiring.Component):
    """Fetch, read and execute: an operation a cycle; a jump that is taken costs two more.

    Parameters
    ----------
    code : code words.
    data : first contents of the data memory.
    refuge : where a diverted GO goes to.

    Members
    -------
    ``reads`` : IN reads port ``port`` in this cycle; ``input`` : its value.
    ``returns`` : where RET goes to. ``target`` : where GO goes to; with ``divert``, to ``refuge``.
    ``works``, ``uses_rows`` : conditions of JW and JM.
    ``set_x``, ``x`` : X becomes this.
    ``writes`` : OUT writes ``output`` to port ``port``.
    """

    def __init__(self, code: Sequence[int], data: Sequence[int], refuge: int = 0) -> None:
        self._refuge = refuge
        self._code = Memory(shape=CODE_BITS, depth=CODE_WORDS, init=code, attrs={"no_rw_check": 1})
        self._data = Memory(shape=16, depth=DATA_WORDS + TABLE_WORDS, init=data, attrs={"no_rw_check": 1})
        super().__init__(
            {
                "port": Out(_PORT_BITS),
                "reads": Out(1),
                "input": In(16),
                "writes": Out(1),
                "output": Out(16),
                "returns": Out(ARGUMENT_BITS),
                "target": In(ARGUMENT_BITS),
                "divert": In(1),
                "works": In(1),
                "uses_rows": In(1),
                "set_x": In(1),
                "x": In(_X_BITS),
            }
        )

    def elaborate(self, platform: object) -> Module:
        m = Module()
        m.submodules.code = code = self._code
        m.submodules.data = data = self._data
        fetch = code.read_port()
        read, write = data.read_port(), data.write_port()

        # fetch
        counter, fetched, returns = (Signal(ARGUMENT_BITS, name=name) for name in ("counter", "fetched", "returns"))
        jump, target = Signal(), Signal(ARGUMENT_BITS)
        there = Signal()
        """The operation read from the code memory is the one to be executed next."""
        m.d.comb += fetch.addr.eq(counter)
        m.d.sync += [counter.eq(Mux(jump, target, counter + 1)), fetched.eq(counter)]
        m.d.sync += there.eq(~jump)

        # read
        x = Signal(_X_BITS)
        argument = fetch.data[:ARGUMENT_BITS]
        address = Signal(range(DATA_WORDS + TABLE_WORDS))
        m.d.comb += [
            address.eq(argument[:9] ^ Mux((argument & INDIRECT) != 0, x, 0)),
            read.addr.eq(address),
        ]
        op, given, at = Signal(MicroOp), Signal(ARGUMENT_BITS), Signal.like(address)
        m.d.sync += [
            op.eq(Mux(there & ~jump, fetch.data[ARGUMENT_BITS:], 0)),
            given.eq(argument),
            at.eq(address),
        ]

        # execute
        a, carry = Signal(16), Signal()
        value = Signal(16)
        subtracts = op.matches(MicroOp.SUB, MicroOp.SBC)
        m.d.comb += [
            self.port.eq(given),
            self.output.eq(a),
            self.reads.eq(op == MicroOp.IN),
            self.writes.eq(op == MicroOp.OUT),
            value.eq(read.data ^ subtracts.replicate(16)),
        ]
        carries = Mux(op.matches(MicroOp.ADC, MicroOp.SBC), carry, subtracts)
        total = Signal(17)
        m.d.comb += total.eq(a + value + carries)
        zeros = Signal(5)
        m.d.comb += zeros.eq(16)
        for bit in range(16):
            with m.If(a[bit]):
                m.d.comb += zeros.eq(15 - bit)
        with m.Switch(op):
            with m.Case(MicroOp.LD):
                m.d.sync += a.eq(read.data)
            with m.Case(MicroOp.AND):
                m.d.sync += a.eq(a & read.data)
            with m.Case(MicroOp.OR):
                m.d.sync += a.eq(a | read.data)
            with m.Case(MicroOp.XOR):
                m.d.sync += a.eq(a ^ read.data)
            with m.Case(MicroOp.ADD, MicroOp.ADC, MicroOp.SUB, MicroOp.SBC):
                m.d.sync += [a.eq(total), carry.eq(total[-1])]
            with m.Case(MicroOp.SHL, MicroOp.RCL):
                m.d.sync += Cat(a, carry).eq(Cat(carry & (op == MicroOp.RCL), a))
            with m.Case(MicroOp.SHR, MicroOp.RCR):
                m.d.sync += Cat(carry, a).eq(Cat(a, carry & (op == MicroOp.RCR)))
            with m.Case(MicroOp.LZC):
                m.d.sync += a.eq(zeros)
            with m.Case(MicroOp.IN):
                m.d.sync += a.eq(self.input)
        m.d.comb += [write.en.eq(op == MicroOp.ST), write.addr.eq(at), write.data.eq(a)]
        with m.If(self.set_x):
            m.d.sync += x.eq(self.x)
        with m.Elif(self.writes & (self.port == Port.X)):
            m.d.sync += x.eq(a)

        # jumps
        zero = Signal()
        m.d.comb += [zero.eq(a == 0), target.eq(given)]
        with m.Switch(op):
            with m.Case(MicroOp.JMP, MicroOp.CALL):
                m.d.comb += jump.eq(1)
            with m.Case(MicroOp.RET):
                m.d.comb += [jump.eq(1), target.eq(returns)]
            with m.Case(MicroOp.GO):
                m.d.comb += [jump.eq(1), target.eq(Mux(self.divert, self._refuge, self.target))]
            with m.Case(MicroOp.JW):
                m.d.comb += jump.eq(self.works)
            with m.Case(MicroOp.JM):
                m.d.comb += jump.eq(self.uses_rows)
            with m.Case(MicroOp.JZ):
                m.d.comb += jump.eq(zero)
            with m.Case(MicroOp.JNZ):
                m.d.comb += jump.eq(~zero)
            with m.Case(MicroOp.JC):
                m.d.comb += jump.eq(carry)
            with m.Case(MicroOp.JNC):
                m.d.comb += jump.eq(~carry)
            with m.Case(MicroOp.JN):
                m.d.comb += jump.eq(a[-1])
            with m.Case(MicroOp.JNN):
                m.d.comb += jump.eq(~a[-1])
        with m.If(op == MicroOp.CALL):
            m.d.sync += returns.eq(fetched)  # the operation behind this one is being read
        with m.Elif(self.writes & (self.port == Port.RETURN)):
            m.d.sync += returns.eq(a)
        m.d.comb += self.returns.eq(returns)
        return m
