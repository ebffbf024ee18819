"""The sender of frames and the decoder of COBS, one behind the other: what goes in comes out."""

from amaranth.hdl import Module, Mux, Signal
from amaranth.lib import stream, wiring
from amaranth.lib.wiring import In, Out

from onward.sim.formal.bench import Bench
from onward.sim.formal.proof import Method, Proof
from onward.sim.formal.variant import Mutant

__all__ = ["PROOF"]

_SENDER = "onward.hw.link.frame_sender"
_DECODER = "onward.hw.link.cobs_decoder"
_LONGEST = 3
_CRC_BYTES = 2
_FULL_BLOCK = 4
"""As long as a block is here; 255 outside. The sender's memory would be too large for the solver."""


class _AnyChecksum(wiring.Component):
    """Stands for the checksum: its bytes are whatever ``choice`` says."""

    i: In(stream.Signature(8, always_ready=True))
    clear: In(1)
    crc: Out(8)
    choice: In(8)

    def elaborate(self, platform: object) -> Module:
        m = Module()
        m.d.comb += self.crc.eq(self.choice)
        return m


def _build(bench: Bench) -> None:
    m = bench.m
    checksum = _AnyChecksum()
    parts = {"Crc32": lambda: checksum, "CRC_BYTES": _CRC_BYTES, "_FULL_BLOCK": _FULL_BLOCK}
    sender = bench.load(_SENDER, **parts).FrameSender(_LONGEST)
    decoder = bench.load(_DECODER, _FULL_BLOCK=_FULL_BLOCK).CobsDecoder()
    bench.add("sender", sender)
    bench.add("decoder", decoder)

    # Replies of one to _LONGEST bytes.
    position = Signal(range(_LONGEST + 1))
    taken = sender.i.valid & sender.i.ready
    with m.If(taken):
        m.d.sync += position.eq(Mux(sender.i.payload.last, 0, position + 1))
    bench.source(sender.i, "reply")
    bench.assume(~sender.i.valid | sender.i.payload.last | (position < _LONGEST - 1))

    # The wire, and what is behind it.
    stall = bench.free("stall")
    moves = sender.o.valid & sender.o.ready
    bench.claim_stable(sender.o, "wire")
    m.d.comb += [
        decoder.i.payload.eq(sender.o.payload),
        decoder.i.valid.eq(sender.o.valid & ~stall),
        sender.o.ready.eq(decoder.i.ready & ~stall),
        decoder.o.ready.eq(1),
        checksum.choice.eq(bench.constant("checksum", 8)),
    ]
    out = decoder.o.payload
    byte_out = moves & decoder.o.valid & ~out.end
    end_out = moves & decoder.o.valid & out.end

    # Bytes of the reply in and out; the frame ends after those and the checksum.
    length, sent = Signal(range(_LONGEST + 1)), Signal(range(_LONGEST + _CRC_BYTES + 2))
    with m.If(taken & sender.i.payload.last):
        m.d.sync += length.eq(position + 1)
    with m.If(end_out):
        m.d.sync += [sent.eq(0), length.eq(0)]
    with m.Elif(byte_out):
        m.d.sync += sent.eq(sent + 1)
    bench.claim(~byte_out | ((length != 0) & (sent < length + _CRC_BYTES)), "the frame is too long, or too early")
    bench.claim(~end_out | (sent == length + _CRC_BYTES), "the frame is too short")
    bench.claim(~end_out | ~out.error, "a block is cut short")
    bench.claim(~(byte_out & (sent >= length)) | (out.byte == checksum.choice), "the checksum is not behind the reply")
    bench.claim(~taken | (length == 0), "a reply is taken before the last one is sent")
    leaves = byte_out & (sent < length)
    bench.claim_order(taken, sender.i.payload.byte, leaves, out.byte, _LONGEST, "a byte of the reply")
    pending = (length != 0) & ~stall
    bench.claim_prompt(pending, sender.o.valid, 2 * _CRC_BYTES + 4, "the frame")


PROOF = Proof(
    name="round-trip",
    claim="a reply stuffed by the sender and decoded again is the same reply and its checksum, and nothing else, with"
    " zeros and full blocks anywhere",
    build=_build,
    method=Method("bounded", 14),
    mutants=(
        Mutant(
            "a full block is one byte too long", _SENDER, "full.eq(code == _FULL_BLOCK)", "full.eq(code > _FULL_BLOCK)"
        ),
        Mutant("a zero takes a byte of its own", _SENDER, "close.eq(full | (byte == 0))", "close.eq(full)"),
        Mutant("one byte of the checksum is missing", _SENDER, "trailer == CRC_BYTES - 1", "trailer == CRC_BYTES - 2"),
        Mutant("the receiver is not waited for", _SENDER, "self.o.ready | ~self.o.valid", "1"),
        Mutant("a full block is joined by a zero", _DECODER, "byte != _FULL_BLOCK", "1"),
    ),
    quick=False,
)
