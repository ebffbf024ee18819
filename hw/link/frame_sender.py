"""The transmitter: checksum, byte stuffing, delimiter."""

from __future__ import annotations

from collections.abc import Mapping
from types import MappingProxyType

from amaranth.hdl import Assert, Module, Mux, Signal
from amaranth.lib import memory, stream, wiring
from amaranth.lib.wiring import In, Out

from .crc32 import Crc32
from .layouts import CRC_BYTES, PacketByte

__all__ = ["FrameSender"]

_FULL_BLOCK = 255


class FrameSender(wiring.Component):
    """Frames a reply: appends its CRC-32, stuffs it with COBS, and sends it with the zero that ends it.

    A COBS code byte tells where the next zero is, so it can only be written when that zero has come. The reply is
    therefore stuffed in a memory: a place is left for each code byte, and filled when its block ends. A zero byte takes
    no write of its own (its place becomes that of the next code byte), so each byte costs one write.

    A reply longer than ``longest`` is not supported.

    Latency: 7 cycles from the last byte of a reply to the first byte of its frame, 1 more for a full block in the
    checksum. Throughput: one byte a cycle in, but one cycle more after each 254 bytes without a zero; then one byte a
    cycle out. ``i`` is not ready while a frame is sent.

    Parameters
    ----------
    longest : int
        Bytes of the longest reply, without its checksum.
    attrs
        Attributes of the memory, for synthesis.

    Members
    -------
    i : In(stream of PacketByte)
        Replies.
    o : Out(stream of 8 bits)
        Bytes on the wire.
    """

    def __init__(self, longest: int, attrs: Mapping[str, int | str] = MappingProxyType({})) -> None:
        self._attrs = {"no_rw_check": 1, **attrs}
        body = longest + CRC_BYTES
        self._depth = body + 1 + body // (_FULL_BLOCK - 1)
        super().__init__({"i": In(stream.Signature(PacketByte)), "o": Out(stream.Signature(8))})

    def elaborate(self, platform: object) -> Module:
        m = Module()

        m.submodules.crc = crc = Crc32()
        # A read never meets a write: a frame is sent when it has been stuffed, and stuffed when the last one was sent.
        m.submodules.bytes = storage = memory.Memory(shape=8, depth=self._depth, init=[], attrs=self._attrs)
        write = storage.write_port()
        read = storage.read_port()
        if platform is None:
            m.d.sync += Assert(~(read.en & write.en), "a frame is read and written in one cycle")

        place = Signal(range(self._depth + 1), init=1)  # of the next byte, to be stuffed or sent
        mark = Signal(range(self._depth + 1))  # of the open code byte; while sending: where the frame ends
        code = Signal(range(_FULL_BLOCK + 1), init=1)  # code byte of the open block, so far

        byte = Signal(8)
        offered = Signal()  # a byte wants to be stuffed
        taken = Signal()
        close = Signal()  # the open block ends: its code byte is written
        full = Signal()
        trailer = Signal(range(CRC_BYTES))
        m.d.comb += [
            full.eq(code == _FULL_BLOCK),
            crc.i.payload.eq(byte),
            crc.i.valid.eq(taken),
            write.addr.eq(Mux(close, mark, place)),
            write.data.eq(Mux(close, code, byte)),
            read.addr.eq(place),
            read.en.eq(0),
        ]
        with m.If(offered):
            m.d.comb += [write.en.eq(1), close.eq(full | (byte == 0)), taken.eq(~full)]
            m.d.sync += code.eq(code + 1)
        with m.If(close):
            m.d.sync += [mark.eq(place), code.eq(1)]
        with m.If(offered | read.en):
            m.d.sync += place.eq(place + 1)

        with m.FSM():
            with m.State("BODY"):
                m.d.comb += [byte.eq(self.i.payload.byte), offered.eq(self.i.valid), self.i.ready.eq(~full)]
                with m.If(taken & self.i.payload.last):
                    m.next = "TRAILER"
            with m.State("TRAILER"):
                m.d.comb += [byte.eq(crc.crc), offered.eq(1), crc.i.payload.eq(~byte)]
                with m.If(taken):
                    m.d.sync += trailer.eq(trailer + 1)
                    with m.If(trailer == CRC_BYTES - 1):
                        m.next = "CLOSE"
            with m.State("CLOSE"):
                m.d.comb += [write.en.eq(1), close.eq(1), crc.clear.eq(1)]
                m.d.sync += place.eq(0)
                m.next = "SEND"
            with m.State("SEND"):
                wanted = Signal()
                m.d.comb += [
                    wanted.eq(self.o.ready | ~self.o.valid),
                    read.en.eq(wanted),
                    self.o.payload.eq(read.data),
                ]
                with m.If(wanted):
                    m.d.sync += self.o.valid.eq(1)
                    with m.If(place == mark):
                        m.next = "DELIMIT"
            with m.State("DELIMIT"), m.If(self.o.ready):
                m.d.sync += [self.o.valid.eq(0), place.eq(1), mark.eq(0)]
                m.next = "BODY"

        return m
