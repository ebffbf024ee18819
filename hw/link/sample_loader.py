"""The segments of SAMPLE: runs of pixels become single nonzero pixels."""

from __future__ import annotations

from amaranth.hdl import Module, Signal
from amaranth.lib import data, stream, wiring
from amaranth.lib.wiring import In, Out

from onward.hw.spec.config import CoreConfig
from onward.hw.spec.protocol import Status

from .layouts import PacketByte

__all__ = ["SampleLoader"]


class SampleLoader(wiring.Component):
    """Reads segments (skip, count, then ``count`` pixels) and hands out the nonzero pixels, in order of index.

    Checks while it reads: a segment that reaches past the last input is a BAD_ADDRESS, a payload that ends inside a
    segment a BAD_LENGTH. Pixels handed out before that are left to the caller, who must not queue the sample; no pixel
    is handed out whose index does not exist.

    Throughput, if nothing waits: a cycle a byte, and one a segment. ``done`` comes in the cycle in which the last byte
    is taken, or one cycle after the last pixel that exists if another one follows, or two after a skip past it; after
    a segment that begins behind the last pixel, one cycle after its count.

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
        index = Signal(range(self._inputs + 256))  # of the next pixel
        left = Signal(8)  # pixels left in this segment
        # Whether ``index`` is behind the last input, or further: whoever takes a byte by that has a long way to go.
        at_end, beyond = Signal(), Signal()
        judged = Signal()
        m.d.sync += [at_end.eq(index == self._inputs), beyond.eq(index > self._inputs), judged.eq(0)]
        m.d.comb += [self.pixel.payload.index.eq(index), self.pixel.payload.value.eq(byte)]

        def finish(status: Status) -> None:
            m.d.comb += [self.done.eq(1), self.status.eq(status)]
            m.next = "IDLE"

        with m.FSM():
            with m.State("IDLE"):
                m.d.sync += index.eq(0)
                with m.If(self.start):
                    m.next = "SKIP"
            with m.State("SKIP"):
                m.d.comb += self.i.ready.eq(1)
                with m.If(self.i.valid):
                    m.d.sync += index.eq(index + byte)
                    m.next = "COUNT"
                    with m.If(last):
                        finish(Status.BAD_LENGTH)
            with m.State("COUNT"):
                # Ready by the state alone: what is taken of a sample that is wrong does not matter.
                m.d.comb += self.i.ready.eq(judged)
                m.d.sync += [left.eq(byte), judged.eq(1)]
                with m.If(judged & beyond):
                    finish(Status.BAD_ADDRESS)
                with m.Elif(judged & self.i.valid):
                    with m.If(byte != 0):
                        m.next = "PIXELS"
                        with m.If(last):
                            finish(Status.BAD_LENGTH)
                    with m.Else():
                        m.next = "SKIP"
                        with m.If(last):
                            finish(Status.OK)
            with m.State("PIXELS"):
                m.d.comb += self.i.ready.eq(self.pixel.ready)
                with m.If(at_end):
                    finish(Status.BAD_ADDRESS)
                with m.Elif(self.i.valid):
                    m.d.comb += self.pixel.valid.eq(byte != 0)
                    with m.If(self.i.ready):
                        m.d.sync += [index.eq(index + 1), left.eq(left - 1), at_end.eq(index == self._inputs - 1)]
                        with m.If(left == 1):
                            m.next = "SKIP"
                            with m.If(last):
                                finish(Status.OK)
                        with m.Elif(last):
                            finish(Status.BAD_LENGTH)

        return m
