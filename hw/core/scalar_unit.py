"""The scalar unit: everything that happens once for a sample or a layer rather than once for an element."""

from __future__ import annotations

from functools import reduce
from operator import or_

from amaranth.hdl import Cat, Module, Mux, Signal, Value, signed
from amaranth.lib import data, stream, wiring
from amaranth.lib.wiring import In, Out

from onward.hw.spec.config import CoreConfig
from onward.hw.spec.formats import ELEMENT
from onward.hw.spec.isa import INDEX_BITS, Op

from .draw import Draw
from .element_ops import ElementOps
from .float_ops import FloatOps
from .generator import Generator
from .result_port import ResultPort
from .scalar_control import ScalarControl, Write
from .scalar_datapath import ScalarDatapath
from .scalar_queue import TAKE, QueuedEntry, ScalarEntry, ScalarQueue, short_op
from .scalar_registers import ScalarRegisters
from .softmax import Softmax

__all__ = ["TAKE", "IndexDone", "ScalarDone", "ScalarEntry", "ScalarUnit", "SeedRequest"]

ScalarDone = data.StructLayout({"valid": 1, "number": 5})
"""S[number] has been written, or has been found to stay as it is; a read in the next cycle gives its value."""

IndexDone = data.StructLayout({"valid": 1, "write": 1, "number": 3, "value": INDEX_BITS})
"""I[number] is to become ``value`` if ``write``, else it stays as it is."""

SeedRequest = data.StructLayout({"valid": 1, "value": 32})
"""The random generator restarts."""

_USE_ELEMENTS = (Op.SMAX, Op.EADD, Op.DRAW, Op.AMAX, Op.STE, Op.LDE, Op.OUTE)
_TWO_OPERANDS = (Op.MUL, Op.ADD, Op.SUB, Op.BEST)
_GIVE_INDEX = (Op.DRAW, Op.AMAX, Op.BEST)


class ScalarUnit(wiring.Component):
    """Executes scalar instructions strictly in order, one at a time, with results as the golden functions define them.

    Entry to done pulse, in cycles from the one in which an entry is at the head of the queue and the unit is free; the
    next entry is at the head in the cycle of the done pulse, so these are also the cycles each takes in a sequence:

    ============================  ======================================
    LDI, TAKE                     1 (TAKE waits for a reduced scalar)
    OUTS, OUTI; OUTE              2; n + 2 (if results are accepted)
    MUL, XN, STE, BEST            4
    ADD, SUB                      5, or 7 where magnitudes are subtracted
    RSQ, REC, EADD                5
    LDE                           8
    EXP; SIG                      9; 18
    AMAX                          n + 5
    DRAW                          n + 10 + c for the index c
    SMAX                          5 n + 23
    ============================  ======================================

    An entry reaches the head of an empty queue two cycles after its transfer.
    Each multiplication takes ``multiply_cycles`` - 1 cycles more: one in MUL, RSQ, REC and DRAW, two in EXP, three in
    SIG. SMAX, which overlaps them otherwise, then takes n (16 + 3 ``multiply_cycles``) + ``multiply_cycles`` + 8.

    Parameters
    ----------
    config : the core.
    depth : entries of the queue.
    multiply_cycles : cycles of a multiplication: 1, 2, 4, 8 or 16. By default 1, or 8 with single-port memory: parts
        that have this need their few hard multipliers for the lanes, and one made of logic takes a third of this unit.

    Members
    -------
    ``i`` : stream of :data:`ScalarEntry`; the operation TAKE pops ``reduced`` into S[d].
    ``reduced`` : stream of packed scalars from the reduce tree.
    ``scalar_done`` : :data:`ScalarDone`, one pulse for each entry that has a scalar destination (BEST: p1).
    ``index_done`` : :data:`IndexDone`, one pulse for each DRAW, AMAX and BEST.
    ``element_done`` : pulse; an entry that uses elements has done its last access.
    ``read_address``, ``read_data`` : read port of the registers, one cycle latency.
    ``element_read_address``, ``element_read``, ``element_write``, ``element_write_address``, ``element_data`` : ports
    of the element memory, one cycle latency. ``element_read_address`` depends combinationally on ``result.ready``.
    ``element_hold`` : entries that use elements do not start.
    ``sample_norm`` : sum of the squared pixels of the current sample, for XN.
    ``result`` : stream of results.
    ``element_saturation`` : pulse; an element has been saturated.
    ``seed`` : :data:`SeedRequest`.
    ``idle`` : no entry is queued or executed, and no result waits. An entry counts from the cycle after its transfer.
    """

    def __init__(self, config: CoreConfig, depth: int = 16, multiply_cycles: int | None = None) -> None:
        self.config, self.depth = config, depth
        self.multiply_cycles = multiply_cycles or (8 if config.memory == "spram" else 1)
        super().__init__(
            {
                "i": In(stream.Signature(ScalarEntry)),
                "reduced": In(stream.Signature(25)),
                "scalar_done": Out(ScalarDone),
                "index_done": Out(IndexDone),
                "element_done": Out(1),
                "read_address": In(5),
                "read_data": Out(25),
                "element_read_address": Out(12),
                "element_read": In(signed(ELEMENT.bits)),
                "element_write": Out(1),
                "element_write_address": Out(12),
                "element_data": Out(signed(ELEMENT.bits)),
                "element_hold": In(1),
                "sample_norm": In(32),
                "result": Out(stream.Signature(32)),
                "element_saturation": Out(1),
                "seed": In(SeedRequest),
                "idle": Out(1),
            }
        )

    def elaborate(self, platform: object) -> Module:
        m = Module()
        m.submodules.queue = queue = ScalarQueue(self.depth)
        m.submodules.registers = registers = ScalarRegisters()
        m.submodules.generator = generator = Generator(self.config.lanes + 1)
        m.submodules.datapath = datapath = ScalarDatapath(self.multiply_cycles)
        m.submodules.float_ops = float_ops = FloatOps()
        m.submodules.element_ops = element_ops = ElementOps()
        m.submodules.softmax = softmax = Softmax(overlap=self.multiply_cycles == 1)
        m.submodules.draw = draw = Draw()
        m.submodules.result_port = result_port = ResultPort()
        wiring.connect(m, wiring.flipped(self.i), queue.i)
        wiring.connect(m, result_port.result, wiring.flipped(self.result))

        # Fetch: the next entry leaves the queue in the last cycle of this one, while its first register is being read.
        entry = Signal(QueuedEntry)
        executing, start, done, fetch = (Signal(name=name) for name in ("executing", "start", "done", "fetch"))
        waiting = queue.o.payload
        m.d.comb += [
            queue.o.ready.eq((~executing | done) & ~(self.element_hold & _is(waiting.op, _USE_ELEMENTS))),
            fetch.eq(queue.o.valid & queue.o.ready),
            self.idle.eq(queue.empty & ~executing & result_port.empty),
        ]
        two_operands = Signal()
        m.d.sync += [start.eq(fetch), two_operands.eq(fetch & _is(waiting.op, _TWO_OPERANDS))]
        with m.If(fetch):
            m.d.sync += [entry.eq(waiting), executing.eq(1)]
        with m.Elif(done):
            m.d.sync += executing.eq(0)

        # Dispatch. Operations that no sequencer takes are done in one cycle: an unknown one must not stop the unit.
        sequencers = {
            float_ops: (Op.MUL, Op.ADD, Op.SUB, Op.RSQ, Op.SIG, Op.EXP, Op.REC, Op.XN, Op.BEST),
            element_ops: (Op.EADD, Op.AMAX, Op.STE, Op.LDE),
            softmax: (Op.SMAX,),
            draw: (Op.DRAW,),
            result_port: (Op.OUTS, Op.OUTI, Op.OUTE),
        }
        control = Signal(ScalarControl)
        write = Signal(Write)
        # What an entry is, and which register it writes, is found out while it comes out of the queue.
        loading, taking, other = (Signal(name=name) for name in ("loading", "taking", "other"))
        known = (short_op(Op.LDI), TAKE, *(short_op(op) for ops in sequencers.values() for op in ops))
        for part, ops in sequencers.items():
            m.d.sync += part.start.eq(fetch & _is(waiting.op, ops))
        m.d.sync += [
            loading.eq(fetch & _is(waiting.op, (Op.LDI,))),
            other.eq(fetch & ~reduce(or_, (waiting.op == op for op in known))),
        ]
        best, number = Signal(name="best"), Signal(5, name="number")
        with m.If(fetch):
            comes_best = _is(waiting.op, (Op.BEST,))
            m.d.sync += [
                taking.eq(waiting.op == TAKE),
                best.eq(comes_best),
                number.eq(Mux(comes_best, waiting.more.registers.p1, waiting.d)),
            ]
        with m.Elif(done):
            m.d.sync += taking.eq(0)
        m.d.comb += [
            Value.cast(control).eq(reduce(or_, (Value.cast(part.control) for part in sequencers))),
            write.eq(control.write),
            done.eq(reduce(or_, (part.done for part in sequencers))),
        ]
        m.d.comb += self.reduced.ready.eq(taking)
        with m.If(loading | (taking & self.reduced.valid)):
            m.d.comb += [write.eq(Write.REGISTER), done.eq(1)]
        with m.If(other):
            m.d.comb += done.eq(1)

        # Registers. The second one is read in the cycle after the first; whenever that is not so, the first one of the
        # entry that waits is read, so that it is there if this is the last cycle: which one it is is known late.
        m.d.comb += [
            registers.address.eq(Mux(two_operands, entry.more.registers.p1, waiting.more.registers.s)),
            registers.outer_address.eq(self.read_address),
            self.read_data.eq(registers.outer_data),
            registers.write.eq(write == Write.REGISTER),
            registers.relay.eq(write == Write.RELAY),
            registers.number.eq(number),
        ]
        with m.Switch(entry.op):
            with m.Case(short_op(Op.BEST)):
                m.d.comb += registers.value.eq(datapath.operand)
            with m.Case(short_op(Op.LDI)):
                m.d.comb += registers.value.eq(Cat(entry.number, entry.more.number))
            with m.Case(TAKE):
                m.d.comb += registers.value.eq(self.reduced.payload)
            with m.Default():
                m.d.comb += registers.value.eq(datapath.result)

        # The datapath, and what the sequencers see of it. Block RAM takes half a cycle to read: a register follows it.
        element = Signal(signed(ELEMENT.bits))
        m.d.sync += element.eq(self.element_read)
        m.d.comb += [
            datapath.control.eq(control),
            datapath.control.walk.rewind.eq(control.walk.rewind | start),
            datapath.scalar.eq(registers.data),
            datapath.negate.eq(entry.op == short_op(Op.SUB)),
            datapath.immediate.eq(entry.number),
            datapath.first.eq(entry.where.range.e),
            datapath.count.eq(entry.where.range.n),
            datapath.excluded.eq(draw.excluded),
            datapath.pixels.eq(self.sample_norm),
            datapath.random.eq(generator.state[16:]),
            datapath.element_read.eq(element),
            self.element_read_address.eq(datapath.element_read_address),
            self.element_write.eq(datapath.element_write),
            self.element_write_address.eq(datapath.element_write_address),
            self.element_data.eq(datapath.element_data),
            generator.step.eq(draw.step),
            generator.seed_valid.eq(self.seed.valid),
            generator.seed.eq(self.seed.value),
            float_ops.op.eq(entry.op),
            float_ops.subtracting.eq(datapath.subtracting),
            float_ops.greater.eq(datapath.greater),
            float_ops.busy.eq(datapath.busy),
            softmax.busy.eq(datapath.busy),
            draw.busy.eq(datapath.busy),
            element_ops.op.eq(entry.op),
            element_ops.above.eq(datapath.above),
            element_ops.read_last.eq(datapath.read_last),
            element_ops.write_index.eq(datapath.write_index),
            softmax.read_last.eq(datapath.read_last),
            softmax.write_last.eq(datapath.write_last),
            draw.exclude.eq(entry.more.excluded.valid),
            draw.excluded_index.eq(entry.more.excluded.index),
            draw.read_last.eq(datapath.read_last),
            draw.write_last.eq(datapath.write_last),
            draw.read_index.eq(datapath.read_index),
            draw.exhausted.eq(datapath.exhausted),
            result_port.op.eq(entry.op),
            result_port.first.eq(datapath.operand),
            result_port.index.eq(entry.where.index),
            result_port.element.eq(self.element_read),
            result_port.read_last.eq(datapath.read_last),
        ]

        # Reports.
        index = Mux(entry.op == short_op(Op.AMAX), element_ops.index, datapath.write_index)
        m.d.comb += [
            self.scalar_done.valid.eq(registers.write | (done & best)),
            self.scalar_done.number.eq(registers.number),
            self.index_done.valid.eq(done & _is(entry.op, _GIVE_INDEX)),
            self.index_done.write.eq(~best | datapath.greater),
            self.index_done.number.eq(entry.d),
            self.index_done.value.eq(Mux(best, entry.where.index, index)),
            self.element_done.eq(done & _is(entry.op, _USE_ELEMENTS)),
            self.element_saturation.eq(datapath.saturated),
        ]
        return m


def _is(op: Value, ops: tuple[Op, ...]) -> Value:
    """A short operation code is one of ``ops``."""
    return reduce(or_, (op == short_op(candidate) for candidate in ops))
