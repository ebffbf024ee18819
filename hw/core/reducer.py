"""Behind the reduce tree: adds up tiles and gives each sum its place: scalar queue, element memory, or the host."""

from __future__ import annotations

import itertools

from amaranth.hdl import Cat, Module, Mux, Signal, signed
from amaranth.lib import data, enum, stream, wiring
from amaranth.lib.fifo import SyncFIFO
from amaranth.lib.wiring import In, Out

from onward.hw.spec.config import CoreConfig
from onward.hw.spec.formats import ELEMENT

from .carry_chain import add_chosen
from .normaliser import Normaliser
from .scalar_to_fixed import ScalarToFixed

__all__ = ["ReduceKind", "ReduceTag", "Reducer"]

TAGS = 4
"""Instructions with reductions that may be on their way at once."""


class ReduceKind(enum.Enum, shape=2):
    """Where a sum goes."""

    SCALAR = 0
    ROWS = 1
    HOST = 2


ReduceTag = data.StructLayout(
    {"kind": ReduceKind, "e": 12, "n": 12, "tiles": 8, "init": 1, "scale": 25},
)
"""What becomes of an instruction's sums: ``n`` results of ``tiles`` sums each; 0 stands for as many as there can be."""


class Reducer(wiring.Component):
    """Latency: normaliser (and scaling) plus 3 cycles; throughput one sum a cycle.

    Parameters
    ----------
    config : the core.
    bits : bits of a sum over all lanes.

    Members
    -------
    ``tag`` : stream, one for each instruction, at the latest with its first sum. At most ``TAGS`` may be outstanding.
    ``sum``, ``sum_valid`` : sums in the order of their instructions.
    ``retired`` : pulse, the oldest tag is done (its last element is written).
    ``scalar`` : stream of packed scalars (RED, DOT); always accepted. ``answer_valid``, ``answer`` : host reads.
    ``element_*`` : element memory, one cycle read latency. ``saturated`` : element saturations in this cycle (0 to 2).
    """

    def __init__(self, config: CoreConfig, bits: int) -> None:
        self.config = config
        self.bits = bits + 8
        super().__init__(
            {
                "tag": In(stream.Signature(ReduceTag)),
                "sum": In(signed(bits)),
                "sum_valid": In(1),
                "retired": Out(1),
                "scalar_valid": Out(1),
                "scalar": Out(25),
                "answer_valid": Out(1),
                "answer": Out(signed(18)),
                "element_read_address": Out(12),
                "element_read": In(signed(ELEMENT.bits)),
                "element_write": Out(1),
                "element_address": Out(12),
                "element_data": Out(signed(ELEMENT.bits)),
                "saturated": Out(2),
            }
        )

    def elaborate(self, platform: object) -> Module:
        m = Module()
        m.submodules.tags = tags = SyncFIFO(width=ReduceTag.size, depth=TAGS)
        m.submodules.normaliser = normaliser = Normaliser(self.bits, 2 * ELEMENT.fraction)
        m.submodules.fix = fix = ScalarToFixed()
        head = data.View(ReduceTag, tags.r_data)
        m.d.comb += [
            tags.w_data.eq(self.tag.payload.as_value()),
            tags.w_en.eq(self.tag.valid),
            self.tag.ready.eq(tags.w_rdy),
        ]

        tile, result = Signal(8), Signal(12)
        total, total_valid = Signal(signed(self.bits)), Signal()
        last_tile, last = Signal(), Signal()
        m.d.comb += [
            last_tile.eq((tile + 1)[: len(tile)] == head.tiles),
            last.eq(last_tile & ((result + 1)[: len(result)] == head.n)),
            tags.r_en.eq(self.sum_valid & last),
        ]
        m.d.sync += total_valid.eq(self.sum_valid & last_tile)
        continues = Signal()  # ``total`` has tiles of this result already
        added_up = add_chosen(m, platform, self.sum, (0, total), continues, self.bits)
        with m.If(self.sum_valid):
            m.d.sync += [total.eq(added_up), tile.eq(Mux(last_tile, 0, tile + 1)), continues.eq(~last_tile)]
            with m.If(last_tile):
                m.d.sync += result.eq(Mux(last, 0, result + 1))

        # What belongs to a sum travels beside it.
        context = data.StructLayout({"valid": 1, "kind": ReduceKind, "last": 1, "address": 12, "init": 1, "scale": 25})
        delay = [Signal(context, name=f"context_{cycle}") for cycle in range(1 + normaliser.LATENCY + fix.LATENCY + 1)]
        m.d.sync += [
            delay[0].valid.eq(self.sum_valid & last_tile),
            delay[0].kind.eq(head.kind),
            delay[0].last.eq(last),
            delay[0].address.eq(head.e + result),
            delay[0].init.eq(head.init),
            delay[0].scale.eq(head.scale),
        ]
        m.d.sync += [later.eq(earlier) for earlier, later in itertools.pairwise(delay)]

        m.d.comb += [
            normaliser.i.eq(total),
            self.answer.eq(total),
            self.answer_valid.eq(total_valid & (delay[0].kind == ReduceKind.HOST)),
        ]
        normal = delay[normaliser.LATENCY]
        m.d.comb += [
            self.scalar.eq(normaliser.o),
            self.scalar_valid.eq(normal.valid & (normal.kind == ReduceKind.SCALAR)),
        ]

        # ROWS: weights have another fraction than vectors, which only moves the exponent.
        magnitude, exponent, sign = normaliser.o[:16], normaliser.o[16:24], normaliser.o[24]
        moved = Signal(8)
        m.d.comb += [
            moved.eq(Mux(magnitude == 0, 0, exponent + ELEMENT.fraction - self.config.weight.fraction)),
            fix.a.eq(Cat(magnitude, moved, sign)),
            fix.b.eq(normal.scale),
        ]
        fixed = delay[normaliser.LATENCY + fix.LATENCY]
        # A block RAM takes half a cycle to read: what it reads is registered, so it is addressed two cycles before.
        before = delay[normaliser.LATENCY + fix.LATENCY - 2]
        element = Signal.like(self.element_read, reset_less=True)
        m.d.sync += element.eq(self.element_read)
        rows = fixed.valid & (fixed.kind == ReduceKind.ROWS)
        added = Signal(signed(ELEMENT.bits + 1))
        m.d.comb += [
            self.element_read_address.eq(before.address),
            added.eq(fix.o + Mux(fixed.init, 0, element)),
        ]
        fits = added[-1] == added[-2]
        m.d.sync += [
            self.element_write.eq(rows),
            self.element_address.eq(fixed.address),
            self.element_data.eq(Mux(fits, added, Mux(added < 0, ELEMENT.min, ELEMENT.max))),
            self.saturated.eq(Mux(rows, ~fits + fix.saturated, 0)),
        ]
        final = delay[-1]
        m.d.comb += self.retired.eq(final.valid & final.last)
        return m
