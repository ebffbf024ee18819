"""The receiver's buffer: whole frames, byte for byte, as often as asked for, and bad ones told apart."""

from types import SimpleNamespace

from amaranth.hdl import Module, Mux, Signal
from amaranth.lib import stream, wiring
from amaranth.lib.wiring import In, Out

from onward.sim.formal.bench import Bench
from onward.sim.formal.proof import Method, Proof
from onward.sim.formal.variant import Mutant

__all__ = ["PROOF"]

_MODULE = "onward.hw.link.frame_buffer"
_PAYLOAD = 3
_DEPTH = _PAYLOAD + 4


class _AnyChecksum(wiring.Component):
    """Stands for the checksum: it matches whenever ``choice`` says so."""

    i: In(stream.Signature(8, always_ready=True))
    clear: In(1)
    match: Out(1)
    choice: In(1)

    def elaborate(self, platform: object) -> Module:
        m = Module()
        m.d.comb += self.match.eq(self.choice)
        return m


def _build(bench: Bench) -> None:
    m = bench.m
    checksum = _AnyChecksum()
    config = SimpleNamespace(lanes=1, inputs=1)
    unit = bench.load(_MODULE, max_payload=lambda config: _PAYLOAD, Crc32=lambda: checksum).FrameBuffer(config)
    bench.add("buffer", unit)
    m.d.comb += [checksum.choice.eq(bench.free("match")), unit.rewind.eq(bench.free("rewind"))]
    bench.source(unit.i, "byte")
    bench.sink(unit.o, "frame")
    bench.sink(unit.payload, "payload")
    bench.claim_stable(unit.o, "frame")
    released = unit.o.valid & unit.o.ready
    restarted = bench.past(released | unit.rewind) | bench.past(released, 2)
    held = bench.past(unit.payload.valid & ~unit.payload.ready) & ~restarted
    same = unit.payload.payload.as_value() == bench.past(unit.payload.payload.as_value())
    bench.claim(~held | (unit.payload.valid & same), "payload: an offer changes before it is taken")

    # Bytes of a frame, counted up to the first that is too many; one of them, any one, is followed.
    taken = unit.i.valid & unit.i.ready
    ends = taken & unit.i.payload.end
    count, place = Signal(range(_DEPTH + 4)), bench.constant("place", range(_PAYLOAD))
    byte, command, sequence, bad = Signal(8), Signal(8), Signal(8), Signal()
    with m.If(taken & ~unit.i.payload.end):
        m.d.sync += count.eq(Mux(count == _DEPTH + 3, count, count + 1))
        for register, position in ((command, 0), (sequence, 1), (byte, 2 + place)):
            with m.If(count == position):
                m.d.sync += register.eq(unit.i.payload.byte)
    cut_short = bench.past(unit.i.payload.error)
    with m.If(bench.past(ends)):
        m.d.sync += bad.eq(cut_short | ~checksum.choice | (count < 6) | (count > 2 + _DEPTH))
    with m.If(released):
        m.d.sync += count.eq(0)

    # One cycle judges a frame, and one clears the buffer. What the payload shows then belongs to no frame.
    clearing = bench.past(released)
    full = unit.o.valid | clearing | bench.past(ends)
    bench.claim(full == ~unit.i.ready, "takes bytes while a frame waits, or none while none does")
    bench.claim(~unit.o.valid | bench.past(unit.o.valid) | bench.past(ends, 2), "a frame that has not ended")
    header = unit.o.payload
    whole = unit.o.valid & ~bad
    bench.claim(~unit.o.valid | (header.bad == bad), "a bad frame passes, or a good one does not")
    right = (header.command == command) & (header.sequence == sequence) & (header.length == count - 6)
    bench.claim(~whole | right, "command, sequence number or length is wrong")
    bench.claim(~(unit.o.valid & bad) | ((header.command == 0) & (header.sequence == 0)), "a bad frame has a head")

    # The payload, from its first byte after each rewind.
    position = Signal(range(_PAYLOAD + 2))
    moves = unit.payload.valid & unit.payload.ready
    with m.If(released | clearing | unit.rewind):
        m.d.sync += position.eq(0)
    with m.Elif(moves):
        m.d.sync += position.eq(position + (position != _PAYLOAD + 1))
    offered = whole & unit.payload.valid
    bench.claim(~offered | (position < header.length), "the payload has more bytes than the frame")
    bench.claim(
        ~(offered & (position == place)) | (unit.payload.payload.byte == byte), "a byte of the payload is wrong"
    )
    last = position == header.length - 1
    bench.claim(~offered | (unit.payload.payload.last == last), "the last byte is not marked, or another one is")
    due = whole & ~unit.rewind & ~released & (position < header.length)
    bench.claim_prompt(due, unit.payload.valid, 2, "the payload")


PROOF = Proof(
    name="frame-buffer",
    claim="a frame is shown whole, once, with every byte of its payload in place after any rewind; what is too short,"
    " too long or damaged is bad; no byte is read and written at once",
    build=_build,
    method=Method("reachability"),
    mutants=(
        Mutant(
            "a rewind keeps the byte on its way",
            _MODULE,
            "following.eq(0), waiting.eq(0), self",
            "following.eq(0), self",
        ),
        Mutant(
            "the next frame overwrites one that waits",
            _MODULE,
            "self.i.ready.eq(~full & ~ended & ~clearing)",
            "self.i.ready.eq(1)",
        ),
        Mutant("a frame one byte too long passes", _MODULE, "too_long.eq(too_long | ~stored)", "too_long.eq(too_long)"),
        Mutant("marks the byte before the last", _MODULE, "last.eq(~more)", "last.eq(following + 1 == length)"),
        Mutant("a short frame passes", _MODULE, " | (count < CRC_BYTES)", ""),
    ),
)
