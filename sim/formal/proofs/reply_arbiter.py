"""The arbiter of replies: both streams keep their order, and whole replies are passed on."""

from __future__ import annotations

from amaranth.hdl import Cat, Signal

from onward.sim.formal.bench import Bench
from onward.sim.formal.proof import Method, Proof
from onward.sim.formal.variant import Mutant

__all__ = ["PROOF"]

_MODULE = "onward.hw.link.reply_arbiter"


def _build(bench: Bench) -> None:
    m = bench.m
    arbiter = bench.load(_MODULE).ReplyArbiter()
    bench.add("arbiter", arbiter)
    sources = (arbiter.first, arbiter.second)
    for name, source in zip(("first", "second"), sources, strict=True):
        bench.source(source, name)
    bench.sink(arbiter.o, "o")
    bench.claim_stable(arbiter.o, "o")

    # Whose byte is in the output register, told by nothing but the transfers at the inputs.
    taken = [source.valid & source.ready for source in sources]
    owner, open_reply = Signal(), Signal()
    with m.If(taken[0] | taken[1]):
        m.d.sync += owner.eq(taken[1])
        for source, moves in zip(sources, taken, strict=True):
            with m.If(moves):
                m.d.sync += open_reply.eq(~source.payload.last)
    left = arbiter.o.valid & arbiter.o.ready
    out = Cat(arbiter.o.payload.as_value())
    waiting = []
    for number, (name, source) in enumerate(zip(("first", "second"), sources, strict=True)):
        leaves = left & (owner == number)
        waiting.append(bench.claim_order(taken[number], source.payload.as_value(), leaves, out, 1, name))
        bench.claim(~(taken[number] & open_reply & (owner != number)), f"{name}: mixes into the other's reply")
    bench.claim(~(taken[0] & taken[1]), "both are taken at once")
    offered = arbiter.first.valid & ~taken[0]
    bench.claim_prompt(offered & ~open_reply & arbiter.o.ready, taken[0] | taken[1], 2, "a reply")
    bench.claim_prompt((waiting[0] != 0) | (waiting[1] != 0), arbiter.o.valid, 0, "a byte inside")


PROOF = Proof(
    name="reply-arbiter",
    claim="no byte of either source is lost, doubled or out of order, and bytes of two replies never mix",
    build=_build,
    method=Method("reachability"),
    mutants=(
        Mutant("takes a byte while one waits", _MODULE, "source.ready.eq(free)", "source.ready.eq(1)"),
        Mutant("chooses again after each byte", _MODULE, "source.valid & source.payload.last", "source.valid"),
        Mutant(
            "forgets the byte that waits",
            _MODULE,
            "with m.If(free):\n            m.d.sync",
            "with m.If(1):\n            m.d.sync",
        ),
    ),
)
