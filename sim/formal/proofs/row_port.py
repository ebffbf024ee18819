"""The host's row accesses: the queue of answers never overflows, and answers come in order."""

from __future__ import annotations

from types import SimpleNamespace

from amaranth.hdl import Signal

from onward.hw.core.host_port import AccessKind
from onward.sim.formal.bench import Bench
from onward.sim.formal.proof import Method, Proof
from onward.sim.formal.variant import Mutant

__all__ = ["PROOF"]

_MODULE = "onward.hw.core.row_port"
_DEPTH = 4


def _build(bench: Bench) -> None:
    m = bench.m
    config = SimpleNamespace(vectors=4, rows=8, lanes=2)
    port = bench.load(_MODULE, _DEPTH=_DEPTH).RowPort(config)
    bench.add("port", port)
    bench.source(port.i, "access")
    bench.sink(port.vector, "vector")
    bench.sink(port.o, "answer")
    bench.claim_stable(port.o, "answer")

    # The reducer answers each read once, any number of cycles after it was issued.
    kind = port.i.payload.kind
    reads = (kind == AccessKind.READ_WEIGHT) | (kind == AccessKind.READ_VECTOR)
    issued = port.vector.valid & port.vector.ready
    expected = Signal(range(_DEPTH + 2))
    answers = (expected != 0) & bench.free("answers")
    m.d.sync += expected.eq(expected + (issued & reads) - answers)
    m.d.comb += [port.answer_valid.eq(answers), port.answer.eq(bench.free("value", port.answer.shape()))]

    bench.claim(issued == (port.i.valid & port.i.ready), "an access is issued but not taken, or taken but not issued")
    left = port.o.valid & port.o.ready
    # The FIFO, and the register slice behind it.
    inside = bench.claim_order(answers, port.answer, left, port.o.payload, _DEPTH + 2, "answer")
    bench.claim(inside + expected <= _DEPTH + 2, "more answers may come than there is room for")
    bench.claim_prompt(inside != 0, port.o.valid, 2, "an answer")
    blocked = port.i.valid & ~port.vector.valid
    bench.claim(~blocked | (reads & (inside + expected >= _DEPTH)), "an access waits for nothing")


PROOF = Proof(
    name="row-port",
    claim="no answer is lost for want of room, whenever it comes and is taken; answers are in order; accesses wait for"
    " nothing but room",
    build=_build,
    method=Method("reachability"),
    mutants=(
        Mutant("one answer more than there is room for", _MODULE, "outstanding != _DEPTH", "outstanding <= _DEPTH"),
        Mutant(
            "counts answers as taken when they are offered",
            _MODULE,
            "ends = answers.i.valid & answers.i.ready",
            "ends = self.answer_valid",
        ),
        Mutant("takes accesses that cannot be issued", _MODULE, "self.vector.ready & room", "self.vector.ready"),
    ),
)
