"""What the sequencer must know of an instruction before it issues it."""

from __future__ import annotations

from amaranth.hdl import Module, Mux, Signal
from amaranth.lib import data

from onward.hw.spec.isa import Op, Source

from .vector_op import HostOp

__all__ = ["InstructionKinds"]

_SCALED = (Op.MAC, Op.UPD, Op.ROWS, Op.MACV, Op.NOISE, Op.SCAT)
_READS_WEIGHTS = (Op.MAC, Op.ROWS, Op.LMAC, HostOp.READ_WEIGHT)
_READS_VECTORS = (Op.UPD, Op.RED, Op.DOT, Op.ROWS, Op.MACV, Op.MACVV, Op.LMAC, Op.LUPD, HostOp.READ_VECTOR)
_UPDATES = (Op.UPD, Op.LUPD, Op.NOISE, HostOp.STORE_ROW)
_WRITES_SCALAR = (Op.LDI, Op.MUL, Op.ADD, Op.SUB, Op.RSQ, Op.SIG, Op.EXP, Op.REC, Op.XN, Op.LDE)
_ELEMENT_OPS = (Op.SMAX, Op.EADD, Op.DRAW, Op.AMAX, Op.STE, Op.LDE, Op.OUTE)
_WRITES_INDEX = (Op.DRAW, Op.AMAX, Op.BEST)


class InstructionKinds:
    """Classes of the instruction that is about to be issued, each a signal of one bit.

    Parameters
    ----------
    m : the module that gets the logic.
    word : fields of the program's instruction.
    vector : the lane operation, of the program or of the host.
    running : a program runs; else only ``vector`` counts.
    """

    def __init__(self, m: Module, word: data.View, vector: data.View, running: Signal) -> None:
        def flag(name: str, value: object) -> Signal:
            signal = Signal(name=f"kind_{name}")
            m.d.comb += signal.eq(value)
            return signal

        op, lane_op = word.op, vector.op
        is_lane = op.matches(*(code for code in Op if code.is_vector))
        streams = lane_op.matches(Op.MAC, Op.UPD)
        self.vector = flag("vector", Mux(running, is_lane, 1))
        self.scalar = flag("scalar", op.matches(*(code for code in Op if code.is_scalar)))
        self.end = flag("end", op == Op.END)
        self.scaled = flag("scaled", op.matches(*_SCALED))
        self.sums = flag("sums", running & op.matches(Op.RED, Op.DOT))
        self.rows = flag("rows", running & (op == Op.ROWS))
        reads = lane_op.matches(HostOp.READ_WEIGHT, HostOp.READ_VECTOR)
        self.reduces = flag("reduces", Mux(running, op.matches(Op.RED, Op.DOT, Op.ROWS), reads))
        self.reads_weights = flag("reads_weights", lane_op.matches(*_READS_WEIGHTS))
        self.reads_vectors = flag("reads_vectors", lane_op.matches(*_READS_VECTORS))
        self.loads = flag("loads", lane_op == HostOp.LOAD_LANE)
        self.updates = flag("updates", lane_op.matches(*_UPDATES))
        self.scans = flag("scans", streams & (vector.source == Source.VECTOR))
        listens = streams & vector.source.matches(Source.ELEMENTS, Source.RESIDUAL)
        self.uses_elements = flag("uses_elements", running & is_lane & (listens | (lane_op == Op.SCAT)))
        self.element_op = flag("element_op", running & op.matches(*_ELEMENT_OPS))
        self.writes_scalar = flag("writes_scalar", op.matches(*_WRITES_SCALAR, Op.RED, Op.DOT, Op.BEST))
        writes_index = op.matches(*_WRITES_INDEX, Op.SETI, Op.ADDI, Op.LAB, Op.LOOP)
        self.writes_index = flag("writes_index", writes_index)
