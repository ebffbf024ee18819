"""The queue of scalar operations: order, and that the shorter entry still says what the instruction said."""

from __future__ import annotations

from amaranth.hdl import C, Cat, Mux, Value
from amaranth.lib import data

from onward.hw.core.scalar_queue import short_op
from onward.hw.spec.isa import Op
from onward.sim.formal.bench import Bench
from onward.sim.formal.proof import Method, Proof
from onward.sim.formal.variant import Mutant

__all__ = ["PROOF"]

_MODULE = "onward.hw.core.scalar_queue"
_DEPTH = 4


def _issued(entry: data.View) -> Value:
    """What an instruction says that its operation needs."""
    op = entry.op[:5]
    nothing = C(0, 20)
    draws, loads = op == short_op(Op.DRAW), op == short_op(Op.LDI)
    indexed = (op == short_op(Op.BEST)) | (op == short_op(Op.OUTI))
    excludes = draws & entry.exclude & (entry.index < 4096)
    return Cat(
        op,
        entry.d,
        Mux(loads, entry.imm, entry.imm[:16]),
        Mux(draws | loads, nothing, Cat(entry.s, entry.p1)),
        excludes,
        Mux(excludes, entry.index[:12], nothing),
        Mux(indexed, entry.index, nothing),
        Mux(indexed, nothing, Cat(entry.e, entry.n)),
    )


def _queued(entry: data.View) -> Value:
    """The same, of the entry that comes out."""
    op = entry.op
    nothing = C(0, 20)
    draws, loads = op == short_op(Op.DRAW), op == short_op(Op.LDI)
    indexed = (op == short_op(Op.BEST)) | (op == short_op(Op.OUTI))
    excludes = draws & entry.more.excluded.valid
    return Cat(
        op,
        entry.d,
        Mux(loads, Cat(entry.number, entry.more.number), entry.number),
        Mux(draws | loads, nothing, Cat(entry.more.registers.s, entry.more.registers.p1)),
        excludes,
        Mux(excludes, entry.more.excluded.index, nothing),
        Mux(indexed, entry.where.index, nothing),
        Mux(indexed, nothing, Cat(entry.where.range.e, entry.where.range.n)),
    )


def _build(bench: Bench) -> None:
    module = bench.load(_MODULE)
    queue = module.ScalarQueue(_DEPTH)
    written = data.View(module.QueuedEntry, bench.add("queue", queue).submodules.entries.w_data)
    bench.claim(_queued(written) == _issued(queue.i.payload), "an entry does not say what its instruction said")
    bench.source(queue.i, "entry")
    bench.sink(queue.o, "queued")
    bench.claim_stable(queue.o, "queued")
    inside = bench.claim_order(
        queue.i.valid & queue.i.ready,
        queue.i.payload.op[:5],
        queue.o.valid & queue.o.ready,
        queue.o.payload.op,
        _DEPTH,
        "an operation",
    )
    bench.claim(queue.empty == (inside == 0), "empty is not when nothing is inside")
    bench.claim_prompt(inside != 0, queue.o.valid, 1, "an entry")
    bench.claim(queue.i.ready | (inside >= _DEPTH - 1), "refuses an entry that it has room for")


PROOF = Proof(
    name="scalar-queue",
    claim="no operation is lost, doubled or out of order, and the queue is empty when it says so",
    build=_build,
    method=Method("reachability"),
    mutants=(
        Mutant("says empty one entry too early", _MODULE, "entries.level == 0", "entries.level <= 1"),
        Mutant("writes without room", _MODULE, "self.i.ready.eq(entries.w_rdy)", "self.i.ready.eq(1)"),
        Mutant(
            "excludes an index that only looks like one in range", _MODULE, " & (entry.index[_INDEX_BITS:] == 0)", ""
        ),
        Mutant("moves on before the entry is taken", _MODULE, "entries.r_en.eq(self.o.ready)", "entries.r_en.eq(1)"),
    ),
)
