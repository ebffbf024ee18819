"""The queue in front of the scalar unit, and the entry that travels through it."""

from amaranth.hdl import Cat, Module
from amaranth.lib import data, fifo, stream, wiring
from amaranth.lib.wiring import In, Out

from onward.hw.spec.isa import Op

__all__ = ["TAKE", "QueuedEntry", "ScalarEntry", "ScalarQueue", "short_op"]

TAKE = 31
"""Operation of an entry that no instruction has: pop the next reduced scalar into S[d]."""

ScalarEntry = data.StructLayout(
    {
        "op": 6,
        "s": 5,
        "p1": 5,
        "d": 5,
        "e": 12,
        "n": 12,
        "imm": 25,
        "index": 20,
        "exclude": 1,
    }
)
"""A scalar instruction as issued: ``e`` has I[ri] added, ``index`` is I[ri], ``exclude`` says that ri is not 0."""

_INDEX_BITS = 12
"""No range is longer than this many bits, so an index that does not fit them excludes nothing."""

QueuedEntry = data.StructLayout(
    {
        "op": 5,
        "d": 5,
        "number": 16,
        "more": data.UnionLayout(
            {
                "number": 9,
                "registers": data.StructLayout({"s": 5, "p1": 5}),
                "excluded": data.StructLayout({"index": _INDEX_BITS, "valid": 1}),
            }
        ),
        "where": data.UnionLayout({"range": data.StructLayout({"e": 12, "n": 12}), "index": 20}),
    }
)
"""An entry while it is queued and executed. Fields no operation has together share bits: memories are scarce.

``op`` : see :func:`short_op`. ``d`` : destination. ``number`` : low 16 bits of ``imm``; the others are ``more.number``
for LDI. ``more`` holds the excluded index for DRAW, else the source registers. ``where`` holds I[ri] for BEST and OUTI,
else the range of elements.
"""


def short_op(op: int) -> int:
    """The five bits that tell scalar operations, and TAKE, apart."""
    return op & 31


class ScalarQueue(wiring.Component):
    """Holds up to ``depth`` entries in order; an entry is at ``o`` two cycles after it entered an empty queue.

    Parameters
    ----------
    depth : entries.

    Members
    -------
    ``i`` : stream of :data:`ScalarEntry`. ``o`` : stream of :data:`QueuedEntry`.
    ``empty`` : no entry is inside.
    """

    def __init__(self, depth: int) -> None:
        self.depth = depth
        super().__init__(
            {
                "i": In(stream.Signature(ScalarEntry)),
                "o": Out(stream.Signature(QueuedEntry)),
                "empty": Out(1),
            }
        )

    def elaborate(self, platform: object) -> Module:
        m = Module()
        m.submodules.entries = entries = fifo.SyncFIFOBuffered(width=QueuedEntry.size, depth=self.depth)
        entry = self.i.payload
        queued = data.View(QueuedEntry, entries.w_data)
        m.d.comb += [
            queued.op.eq(entry.op[:5]),
            queued.d.eq(entry.d),
            queued.number.eq(entry.imm[:16]),
            queued.where.range.e.eq(entry.e),
            queued.where.range.n.eq(entry.n),
            queued.more.registers.s.eq(entry.s),
            queued.more.registers.p1.eq(entry.p1),
            entries.w_en.eq(self.i.valid),
            self.i.ready.eq(entries.w_rdy),
            self.o.payload.as_value().eq(entries.r_data),
            self.o.valid.eq(entries.r_rdy),
            entries.r_en.eq(self.o.ready),
            self.empty.eq(entries.level == 0),
        ]
        with m.Switch(entry.op[:5]):
            with m.Case(short_op(Op.LDI)):
                m.d.comb += queued.more.as_value().eq(entry.imm[16:])
            with m.Case(short_op(Op.DRAW)):
                m.d.comb += [
                    queued.more.excluded.index.eq(entry.index[:_INDEX_BITS]),
                    queued.more.excluded.valid.eq(entry.exclude & (entry.index[_INDEX_BITS:] == 0)),
                ]
            with m.Case(short_op(Op.BEST), short_op(Op.OUTI)):
                m.d.comb += queued.where.as_value().eq(Cat(entry.index, entry.n[8:]))
        return m
