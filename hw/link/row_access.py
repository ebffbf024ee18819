"""WRITE_ROW and READ_ROW behind their address: bytes become lanes, lanes become bytes."""

from __future__ import annotations

from amaranth.hdl import Cat, Module, Mux, Signal, signed
from amaranth.lib import enum, stream, wiring
from amaranth.lib.wiring import In, Out

from onward.hw.core.host_port import Access, AccessKind
from onward.hw.spec.config import CoreConfig

from .layouts import PacketByte

__all__ = ["RowAccess", "RowTask"]

_VALUE_BITS = 16


class RowTask(enum.Enum, shape=2):
    """What a pass over a row does."""

    CHECK = 0
    """Reads the values of a weight row from ``i`` and does nothing; ``fits`` says whether they fit."""
    WRITE = 1
    """Reads them from ``i`` and writes the row."""
    READ_WEIGHTS = 2
    """Sends a row of the weight memory to ``o``."""
    READ_VECTORS = 3
    """Sends a word of the vector registers to ``o``."""


class RowAccess(wiring.Component):
    """Goes through the lanes of one row; a lane is a signed 16-bit number on the link, low byte first.

    Who starts it has checked that the row exists and that the payload has two bytes for each lane.

    Throughput, if nothing waits: CHECK and WRITE two cycles a lane, WRITE one more for the row; READ two cycles a
    lane behind the core's first answer. ``done`` comes in the cycle of the last transfer.

    Parameters
    ----------
    config : CoreConfig
        Fixes the lanes and the bits of a weight.

    Members
    -------
    start : In(1)
        Pulse; begins a pass.
    task : In(RowTask), row : In(20)
        What to do, with which row; held until ``done``.
    i : In(stream of PacketByte)
        The values, for CHECK and WRITE.
    o : Out(stream of PacketByte)
        The values, for READ; ``last`` marks the last byte of the row.
    access : Out(stream of Access), answer : In(stream of signed 18)
        To the core. Reads run ahead of their answers, as far as the core takes them.
    done : Out(1)
        Pulse; the pass is over.
    fits : Out(1)
        Beside the ``done`` of a CHECK: every value fits the weight format.
    """

    def __init__(self, config: CoreConfig) -> None:
        self._lanes = config.lanes
        self._weight_bits = config.weight_bits
        self._ready_unasked = not config.compact
        super().__init__(
            {
                "start": In(1),
                "task": In(RowTask),
                "row": In(20),
                "i": In(stream.Signature(PacketByte)),
                "o": Out(stream.Signature(PacketByte)),
                "access": Out(stream.Signature(Access)),
                "answer": In(stream.Signature(signed(18))),
                "done": Out(1),
                "fits": Out(1),
            }
        )

    def elaborate(self, platform: object) -> Module:
        m = Module()

        lane = Signal(range(self._lanes))
        low = Signal(8)
        value = Signal(signed(_VALUE_BITS))
        fits_so_far = Signal()
        high_bits = value[self._weight_bits - 1 :]
        reading = Signal()
        last_lane = Signal()
        asking = Signal()
        asked = Signal(range(self._lanes))
        m.d.comb += [
            value.eq(Cat(low, self.i.payload.byte)),
            self.fits.eq(fits_so_far & (high_bits.all() | ~high_bits.any())),
            reading.eq((self.task == RowTask.READ_WEIGHTS) | (self.task == RowTask.READ_VECTORS)),
            last_lane.eq(lane == self._lanes - 1),
            self.access.payload.row.eq(self.row),
            self.access.payload.lane.eq(lane),
            self.access.payload.value.eq(value),
        ]

        with m.FSM():
            with m.State("IDLE"):
                m.d.sync += [lane.eq(0), fits_so_far.eq(1)]
                with m.If(self.start):
                    m.next = "LOW"
                    with m.If(reading):
                        m.d.sync += asking.eq(1)
                        m.next = "ANSWER_LOW"

            with m.State("LOW"):
                m.d.comb += self.i.ready.eq(1)
                m.d.sync += low.eq(self.i.payload.byte)
                with m.If(self.i.valid):
                    m.next = "HIGH"
            with m.State("HIGH"):
                writing = self.task == RowTask.WRITE
                # A core with a register slice for accesses is ready or not by a register, also in a CHECK, which is a
                # shorter path; a compact one is not before it has been asked.
                m.d.comb += [
                    self.access.payload.kind.eq(AccessKind.LOAD_LANE),
                    self.access.valid.eq(self.i.valid & writing),
                    self.i.ready.eq(self.access.ready if self._ready_unasked else self.access.ready | ~writing),
                ]
                with m.If(self.i.valid & self.i.ready):
                    m.d.sync += [lane.eq(lane + 1), fits_so_far.eq(self.fits)]
                    m.next = "LOW"
                    with m.If(last_lane):
                        m.next = "STORE"
                        with m.If(~writing):
                            m.d.comb += self.done.eq(1)
                            m.next = "IDLE"
            with m.State("STORE"):
                m.d.comb += [
                    self.access.payload.kind.eq(AccessKind.STORE_ROW),
                    self.access.valid.eq(1),
                    self.done.eq(self.access.ready),
                ]
                with m.If(self.access.ready):
                    m.next = "IDLE"

            with m.State("ANSWER_LOW"):
                m.d.comb += [self.o.valid.eq(self.answer.valid), self.o.payload.byte.eq(self.answer.payload[:8])]
                with m.If(self.o.valid & self.o.ready):
                    m.next = "ANSWER_HIGH"
            with m.State("ANSWER_HIGH"):
                m.d.comb += [
                    self.o.valid.eq(self.answer.valid),
                    self.o.payload.byte.eq(self.answer.payload[8:16]),
                    self.o.payload.last.eq(last_lane),
                    self.answer.ready.eq(self.o.ready),
                ]
                with m.If(self.o.valid & self.o.ready):
                    m.d.sync += lane.eq(lane + 1)
                    m.next = "ANSWER_LOW"
                    with m.If(last_lane):
                        m.d.comb += self.done.eq(1)
                        m.next = "IDLE"

        # Reads run ahead of their answers, as far as the core takes them.
        vectors = self.task == RowTask.READ_VECTORS
        with m.If(asking):
            m.d.comb += [
                self.access.payload.kind.eq(Mux(vectors, AccessKind.READ_VECTOR, AccessKind.READ_WEIGHT)),
                self.access.payload.lane.eq(asked),
                self.access.valid.eq(1),
            ]
            with m.If(self.access.ready):
                m.d.sync += [
                    asked.eq(Mux(asked == self._lanes - 1, 0, asked + 1)),
                    asking.eq(asked != self._lanes - 1),
                ]
        return m
