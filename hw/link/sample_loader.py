"""The segments of SAMPLE: runs of pixels become single nonzero pixels."""

from __future__ import annotations

from amaranth.hdl import Module, Mux, Signal
from amaranth.lib import data, stream, wiring
from amaranth.lib.wiring import In, Out

from onward.hw.spec.config import CoreConfig
from onward.hw.spec.protocol import Status

from .layouts import PacketByte

__all__ = ["SampleLoader"]


class SampleLoader(wiring.Component):
    """Reads segments (skip, count, then ``count`` pixels) and hands out the pixels that are not zero, in order of index.

    Checks while it reads: a segment that reaches past the last input is a BAD_ADDRESS, a payload that ends inside a
    segment a BAD_LENGTH. Pixels handed out before that are left to the caller, who must not queue the sample; no pixel
    is handed out whose index does not exist.

    Throughput: one byte a cycle if nothing waits, one cycle more where a segment has no pixels or a bad one is refused.
    ``done`` comes in the cycle in which the last byte is taken, or nothing more will be.

    Parameters
    ----------
    config : CoreConfig
        Fixes the number of inputs.

    Members
    -------
    start : In(1)
        Pulse; a sample begins with the next byte of ``i``.
    i : In(stream of PacketByte)
        The segments, at least one byte.
    pixel : Out(stream of index and value)
        Nonzero pixels.
    done : Out(1)
        Pulse; ``status`` says how it ended.
    status : Out(Status)
        Valid beside ``done``.
    """

    def __init__(self, config: CoreConfig) -> None:
        self._inputs = config.inputs
        super().__init__(
            {
                "start": In(1),
                "i": In(stream.Signature(PacketByte)),
                "pixel": Out(stream.Signature(data.StructLayout({"index": 12, "value": 8}))),
                "done": Out(1),
                "status": Out(Status),
            }
        )

    def elaborate(self, platform: object) -> Module:
        m = Module()

        byte, last = self.i.payload.byte, self.i.payload.last
        index = Signal(range(self._inputs + 256))  # of the next pixel; never above inputs before a byte is taken
        left = Signal(8)  # pixels left in this segment
        skipping = Signal()
        outside = Signal()
        m.d.comb += [
            self.pixel.payload.index.eq(index),
            self.pixel.payload.value.eq(byte),
        ]

        with m.If(self.i.valid & self.i.ready):
            m.d.comb += self.done.eq(last)
        with m.If(outside):
            m.d.comb += [self.done.eq(1), self.status.eq(Status.BAD_ADDRESS)]

        with m.FSM():
            with m.State("IDLE"):
                m.d.sync += index.eq(0)
                with m.If(self.start):
                    m.next = "SKIP"
            with m.State("SKIP"):
                m.d.comb += [self.i.ready.eq(1), skipping.eq(1), self.status.eq(Status.BAD_LENGTH)]
                with m.If(self.i.valid):
                    m.next = "COUNT"
            with m.State("COUNT"):
                m.d.comb += [outside.eq(index > self._inputs), self.i.ready.eq(~outside)]
                with m.If(~outside & (byte != 0)):
                    m.d.comb += self.status.eq(Status.BAD_LENGTH)
                m.d.sync += left.eq(byte)
                with m.If(self.i.valid):
                    m.next = "SKIP"
                    with m.If(byte != 0):
                        m.next = "PIXELS"
            with m.State("PIXELS"):
                m.d.comb += [
                    outside.eq(index == self._inputs),
                    self.pixel.valid.eq(self.i.valid & ~outside & (byte != 0)),
                    self.i.ready.eq(~outside & (self.pixel.ready | (byte == 0))),
                ]
                with m.If(~outside & (left != 1)):
                    m.d.comb += self.status.eq(Status.BAD_LENGTH)
                with m.If(self.i.valid & self.i.ready):
                    m.d.sync += left.eq(left - 1)
                    with m.If(left == 1):
                        m.next = "SKIP"
            for state in ("SKIP", "COUNT", "PIXELS"):
                pass

        with m.If(self.i.valid & self.i.ready):
            m.d.sync += index.eq(index + Mux(skipping, byte, 1))

        return m
