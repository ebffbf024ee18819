"""Consistent overhead byte stuffing, the way in."""

from __future__ import annotations

from amaranth.hdl import Module, Mux, Signal
from amaranth.lib import stream, wiring
from amaranth.lib.wiring import In, Out

from .layouts import DecodedByte

__all__ = ["CobsDecoder"]

_FULL_BLOCK = 255
"""Code of a block that is not followed by a zero."""


class CobsDecoder(wiring.Component):
    """Turns the bytes on the wire into the bytes of frames.

    A COBS frame is a chain of blocks, ended by a zero byte. A block is a code byte n followed by n - 1 bytes that are
    not zero; between a block and the next stands a zero, unless n is 255. So each byte on the wire stands for at most
    one byte of the frame, and nothing has to be stored::

        wire      03 11 22 02 33 00
        frame        11 22 00 33 end

    Any zero byte ends a frame: garbage can spoil the frame it touches, and no other. Zero bytes between frames are
    ignored. A zero inside a block ends the frame with an error.

    Latency: none, ``o`` follows ``i`` in the same cycle. Throughput: one byte a cycle.

    Members
    -------
    i : In(stream of 8 bits)
        Bytes on the wire.
    o : Out(stream of DecodedByte)
        Bytes of the frame; ``end`` stands for its end and carries no byte, ``error`` beside it says that the last block
        was cut short.
    """

    def __init__(self) -> None:
        super().__init__({"i": In(stream.Signature(8)), "o": Out(stream.Signature(DecodedByte))})

    def elaborate(self, platform: object) -> Module:
        m = Module()

        left = Signal(8)  # bytes left in this block
        joint = Signal()  # the next block is joined to this one by a zero
        inside = Signal()  # a frame has begun

        byte = self.i.payload
        delimiter = Signal()
        code = Signal()
        silent = Signal()
        m.d.comb += [
            delimiter.eq(byte == 0),
            code.eq(left == 0),
            silent.eq(Mux(delimiter, ~inside, code & ~(inside & joint))),
            self.o.payload.byte.eq(Mux(code, 0, byte)),
            self.o.payload.end.eq(delimiter),
            self.o.payload.error.eq(delimiter & ~code),
            self.o.valid.eq(self.i.valid & ~silent),
            self.i.ready.eq(self.o.ready | silent),
        ]

        with m.If(self.i.valid & self.i.ready):
            m.d.sync += inside.eq(~delimiter)
            with m.If(delimiter):
                m.d.sync += left.eq(0)
            with m.Else():
                m.d.sync += left.eq(Mux(code, byte, left) - 1)
            with m.If(code):
                m.d.sync += joint.eq(byte != _FULL_BLOCK)

        return m
