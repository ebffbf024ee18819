"""The COBS decoder against the definition of COBS."""

from __future__ import annotations

from amaranth.hdl import Mux, Signal

from onward.sim.formal.bench import Bench, internal
from onward.sim.formal.proof import Method, Proof
from onward.sim.formal.variant import Mutant

__all__ = ["PROOF"]

_MODULE = "onward.hw.link.cobs_decoder"


def _build(bench: Bench) -> None:
    m = bench.m
    decoder = bench.load(_MODULE).CobsDecoder()
    inside = bench.add("decoder", decoder)
    bench.source(decoder.i, "wire")
    bench.sink(decoder.o, "frame")
    bench.claim_stable(decoder.o, "frame")

    # The position within a block, 0 for its code byte, and the code: the decoder counts down, the definition up.
    position, code = Signal(8), Signal(8)
    byte = decoder.i.payload
    at_code = Signal()
    first_block = Signal(init=1)
    m.d.comb += at_code.eq(first_block | (position == code))
    zero_between = ~first_block & (code != 255)
    taken = decoder.i.valid & decoder.i.ready
    with m.If(taken & (byte == 0)):
        m.d.sync += [first_block.eq(1), position.eq(0)]
    with m.Elif(taken & at_code):
        m.d.sync += [first_block.eq(0), code.eq(byte), position.eq(1)]
    with m.Elif(taken):
        m.d.sync += position.eq(position + 1)

    # What both know at any time; induction needs to be told.
    bench.claim(
        (first_block | (position <= code)) & (first_block == (position == 0)), "the definition leaves its block"
    )
    left = Mux(first_block, 0, code - position)
    bench.claim(internal(inside, "left") == left[:8], "the decoder has lost its place in the block")
    bench.claim(internal(inside, "inside") == ~first_block, "the decoder does not know whether a frame has begun")
    bench.claim(first_block | (internal(inside, "joint") == (code != 255)), "the decoder does not know the last code")

    begun = ~first_block
    stands_for_byte = Mux(byte == 0, begun, ~at_code | zero_between)
    out = decoder.o.payload
    bench.claim(decoder.o.valid == (decoder.i.valid & stands_for_byte), "a byte is lost or made up")
    bench.claim(stands_for_byte | decoder.i.ready, "a byte that stands for nothing waits")
    moved = decoder.o.valid & decoder.o.ready
    bench.claim(moved == (taken & stands_for_byte), "one side moves without the other")
    bench.claim(~decoder.o.valid | (out.end == (byte == 0)), "the end of a frame is not where its zero is")
    bench.claim(~(decoder.o.valid & ~out.end) | (out.byte == Mux(at_code, 0, byte)), "a byte is wrong")
    bench.claim(~decoder.o.valid | (out.error == (out.end & ~at_code)), "a block cut short is not what is an error")


PROOF = Proof(
    name="cobs-decoder",
    claim="every byte on the wire stands for what COBS says, offers are stable, and any zero ends a frame",
    build=_build,
    method=Method("induction", 2),
    mutants=(
        Mutant("a full block is joined by a zero", _MODULE, "byte != _FULL_BLOCK", "byte != 0xFE"),
        Mutant("garbage is remembered past the end of its frame", _MODULE, "left.eq(0)", "left.eq(left - 1)"),
        Mutant("a silent byte waits for the receiver", _MODULE, "self.o.ready | silent", "self.o.ready"),
        Mutant("a silent byte is passed on", _MODULE, "self.i.valid & ~silent", "self.i.valid"),
    ),
)
