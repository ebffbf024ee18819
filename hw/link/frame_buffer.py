"""The receiver: whole, checked frames or nothing."""

from __future__ import annotations

from amaranth.hdl import Assert, Cat, Module, Signal
from amaranth.lib import memory, stream, wiring
from amaranth.lib.wiring import In, Out

from onward.hw.spec.config import CoreConfig
from onward.hw.spec.protocol import max_payload

from .crc32 import Crc32
from .layouts import CRC_BYTES, HEAD_BYTES, DecodedByte, PacketByte, header_layout

__all__ = ["FrameBuffer"]


class FrameBuffer(wiring.Component):
    """Collects one frame, checks it, and only then shows it.

    The frame stays until ``o`` is accepted; until then ``i`` is not ready, so that whatever sends the bytes has to hold
    the next ones. Meanwhile ``payload`` hands out the payload, byte after byte, as often as ``rewind`` asks for it: who
    acts on a payload can read it twice, first to check it, then to act.

    A frame is bad if its checksum is wrong, the decoder reports an error, it is shorter than command, sequence and
    checksum, or longer than the longest legal payload allows.

    Latency: ``o`` is valid two cycles after the end of the frame, the first byte of ``payload`` two cycles later, or
    three cycles after ``rewind``. Throughput: one byte a cycle, in and out, and three cycles between two frames;
    bytes past the limit are swallowed at that speed.

    Parameters
    ----------
    config : CoreConfig
        Fixes the longest payload.

    Members
    -------
    i : In(stream of DecodedByte)
        Bytes of frames.
    o : Out(stream of header_layout(config))
        A frame; the transfer of ``o`` frees the buffer.
    payload : Out(stream of PacketByte)
        The payload of that frame; never valid if it is empty, meaningless if the frame is bad.
    rewind : In(1)
        Pulse; ``payload`` begins again with the first byte.
    """

    def __init__(self, config: CoreConfig) -> None:
        self._depth = max_payload(config) + CRC_BYTES
        super().__init__(
            {
                "i": In(stream.Signature(DecodedByte)),
                "o": Out(stream.Signature(header_layout(config))),
                "payload": Out(stream.Signature(PacketByte)),
                "rewind": In(1),
            }
        )

    def elaborate(self, platform: object) -> Module:
        m = Module()

        m.submodules.crc = crc = Crc32()
        # A read never meets a write: the one needs a whole frame in the buffer, the other none.
        m.submodules.bytes = storage = memory.Memory(shape=8, depth=self._depth, init=[], attrs={"no_rw_check": 1})
        write = storage.write_port()
        read = storage.read_port()
        if platform is None:
            m.d.sync += Assert(~(read.en & write.en), "a frame is read and written in one cycle")

        # What a frame is worth is found out in the cycle after its end: the checksum takes most of it.
        ended, cut_short = Signal(), Signal()
        full = Signal()
        released = Signal()
        # Who takes a frame knows it late in a cycle: all but ``full`` is cleared in the next one.
        clearing = Signal()
        m.d.sync += clearing.eq(released)
        m.d.comb += [
            self.i.ready.eq(~full & ~ended & ~clearing),
            self.o.valid.eq(full),
            released.eq(self.o.valid & self.o.ready),
        ]

        # filling: command, sequence, then payload and checksum into the memory

        command = Signal(8)
        sequence = Signal(8)
        head = Signal(HEAD_BYTES)  # one bit for each of the two bytes that has come
        count = Signal(range(self._depth + 1))  # bytes behind them
        too_long = Signal()
        spoiled = Signal()
        bad = Signal()
        accepted = Signal()
        stored = Signal()
        m.d.comb += [
            accepted.eq(self.i.valid & self.i.ready),
            crc.i.payload.eq(self.i.payload.byte),
            crc.i.valid.eq(accepted & ~self.i.payload.end),
            crc.clear.eq(clearing),
            stored.eq(crc.i.valid & head.all() & (count != self._depth)),
            write.addr.eq(count),
            write.data.eq(self.i.payload.byte),
            write.en.eq(stored),
            spoiled.eq(cut_short | too_long | ~crc.match | (count < CRC_BYTES)),
        ]
        m.d.sync += [ended.eq(accepted & self.i.payload.end), cut_short.eq(self.i.payload.error)]
        with m.If(ended):
            m.d.sync += [full.eq(1), bad.eq(spoiled)]
            with m.If(spoiled):
                m.d.sync += [command.eq(0), sequence.eq(0)]
        with m.Elif(crc.i.valid & ~head.all()):
            m.d.sync += [Cat(sequence, command).eq(Cat(self.i.payload.byte, sequence)), head.eq(Cat(1, head))]
        with m.Elif(crc.i.valid):
            m.d.sync += [count.eq(count + stored), too_long.eq(too_long | ~stored)]
        with m.If(released):
            m.d.sync += full.eq(0)
        with m.If(clearing):
            m.d.sync += [head.eq(0), count.eq(0), too_long.eq(0)]

        # handing out

        # The end of a frame counts for nothing, so that its length is known when it has come.
        length = Signal.like(self.o.payload.length, reset_less=True)
        m.d.sync += length.eq(count - CRC_BYTES)
        m.d.comb += [
            self.o.payload.bad.eq(bad),
            self.o.payload.command.eq(command),
            self.o.payload.sequence.eq(sequence),
            self.o.payload.length.eq(length),
        ]

        # Block RAM is slow: a register stands between it and whatever decides by the byte in the same cycle.
        following = Signal.like(count)  # address of the byte behind the one that was read
        waiting = Signal()  # a byte was read, and is not in the register yet
        more = Signal()
        free = Signal()
        m.d.comb += [
            more.eq(following != length),
            free.eq(full & (self.payload.ready | ~self.payload.valid)),
            read.addr.eq(following),
            read.en.eq(free),
        ]
        with m.If(free):
            m.d.sync += [
                self.payload.payload.byte.eq(read.data),
                self.payload.payload.last.eq(~more),
                self.payload.valid.eq(waiting),
                waiting.eq(more),
                following.eq(following + more),
            ]
        with m.If(clearing | self.rewind):
            m.d.sync += [following.eq(0), waiting.eq(0), self.payload.valid.eq(0)]

        return m
