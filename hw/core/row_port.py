"""Row accesses of the host as lane operations: writing through the accumulators, reading through the reduce tree."""

from __future__ import annotations

from amaranth.hdl import Module, Signal, signed
from amaranth.lib import stream, wiring
from amaranth.lib.fifo import SyncFIFOBuffered
from amaranth.lib.wiring import In, Out

from onward.hw.spec.config import CoreConfig

from .host_port import Access, AccessKind
from .register_slice import RegisterSlice
from .vector_op import HostOp, VectorOp

__all__ = ["RowPort"]

_DEPTH = 32


class RowPort(wiring.Component):
    """Throughput one lane a cycle, if the sequencer takes as much; up to 32 answers wait in a FIFO, and two behind it.

    Members
    -------
    ``i`` : accesses. ``vector`` : the lane operations they become.
    ``answer_valid``, ``answer`` : values from the reducer. ``o`` : the same as a stream.
    """

    def __init__(self, config: CoreConfig) -> None:
        self.config = config
        super().__init__(
            {
                "i": In(stream.Signature(Access)),
                "vector": Out(stream.Signature(VectorOp(config))),
                "answer_valid": In(1),
                "answer": In(signed(18)),
                "o": Out(stream.Signature(signed(18))),
            }
        )

    def elaborate(self, platform: object) -> Module:
        m = Module()
        m.submodules.fifo = fifo = SyncFIFOBuffered(width=18, depth=_DEPTH)
        # Who takes an answer is a long way off.
        m.submodules.answers = answers = RegisterSlice(signed(18))
        wiring.connect(m, answers.o, wiring.flipped(self.o))
        access, vector = self.i.payload, self.vector.payload
        outstanding = Signal(range(_DEPTH + 1))
        reads = (access.kind == AccessKind.READ_WEIGHT) | (access.kind == AccessKind.READ_VECTOR)
        room = ~reads | (outstanding != _DEPTH)
        m.d.comb += [
            self.vector.valid.eq(self.i.valid & room),
            self.i.ready.eq(self.vector.ready & room),
            vector.init.eq(access.lane == 0),
            vector.row.eq(access.row),
            vector.p1.eq(access.row),
            vector.n.eq(1),
            vector.tiles.eq(1),
            vector.lane.eq(access.lane),
            vector.value.eq(access.value),
            fifo.w_data.eq(self.answer),
            fifo.w_en.eq(self.answer_valid),
            answers.i.payload.eq(fifo.r_data),
            answers.i.valid.eq(fifo.r_rdy),
            fifo.r_en.eq(answers.i.ready),
        ]
        with m.Switch(access.kind):
            with m.Case(AccessKind.LOAD_LANE):
                m.d.comb += vector.op.eq(HostOp.LOAD_LANE)
            with m.Case(AccessKind.STORE_ROW):
                m.d.comb += vector.op.eq(HostOp.STORE_ROW)
            with m.Case(AccessKind.READ_WEIGHT):
                m.d.comb += [vector.op.eq(HostOp.READ_WEIGHT), vector.value.eq(1)]
            with m.Case(AccessKind.READ_VECTOR):
                m.d.comb += [vector.op.eq(HostOp.READ_VECTOR), vector.value.eq(1)]
        starts = self.vector.valid & self.vector.ready & reads
        ends = answers.i.valid & answers.i.ready
        m.d.sync += outstanding.eq(outstanding + starts - ends)
        return m
