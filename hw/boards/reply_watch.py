"""Looks at the bytes that a link sends, and tells which replies are refusals."""

from amaranth.hdl import Module, Signal
from amaranth.lib import wiring
from amaranth.lib.wiring import In, Out

__all__ = ["ReplyWatch"]


class ReplyWatch(wiring.Component):
    """Finds replies whose status is not OK in a stuffed stream, without unstuffing it.

    A reply begins with command, sequence number and status; OK is 0, and a command is never 0. Stuffing replaces each
    zero byte by the distance to the next one. So with a first code byte of 3 the status is the first zero; with 2 the
    sequence number is, and the status is zero if its distance is 1; with more neither is zero.

    Latency: ``refused`` pulses in the cycle after the byte that tells.

    Members
    -------
    valid : In(1), byte : In(8)
        A byte that has been taken by whoever receives it.
    refused : Out(1)
        Pulse: the reply that is being sent is not OK.
    """

    valid: In(1)
    byte: In(8)
    refused: Out(1)

    def elaborate(self, platform: object) -> Module:
        m = Module()
        place = Signal(2)  # of the byte in its frame, at most 3
        second = Signal()  # the sequence number is the first zero
        m.d.sync += self.refused.eq(0)
        with m.If(self.valid):
            with m.If(self.byte == 0):
                m.d.sync += place.eq(0)
            with m.Else():
                m.d.sync += place.eq(place + (place != 3))
                with m.If(place == 0):
                    m.d.sync += [second.eq(self.byte == 2), self.refused.eq(self.byte > 3)]
                with m.If((place == 2) & second):
                    m.d.sync += self.refused.eq(self.byte != 1)
        return m
