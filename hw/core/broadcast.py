"""The broadcast unit: turns lane instructions into a stream of micro-operations, one a cycle."""

from __future__ import annotations

import itertools

from amaranth.hdl import Array, Module, Mux, Signal, signed
from amaranth.lib import data, stream, wiring
from amaranth.lib.wiring import In, Out

from onward.hw.spec.config import CoreConfig
from onward.hw.spec.formats import ELEMENT, PIXEL_SHIFT, WHITE
from onward.hw.spec.isa import Op, Source

from .decode import decode
from .operand_unit import OperandUnit
from .pixel_merge import PixelMerge
from .sample_buffer import Pixel
from .scanner import Scanner
from .uop import ELEMENT_STAGE, OPERAND_STAGE, Flags, Uop, WeightRead, X, Y, multiplies_weights
from .vector_op import HostOp, VectorOp

__all__ = ["Broadcast"]

_ONE = 1 << ELEMENT.fraction
_RAW_SCALE = (-18 & 0xFF) << 16 | 1 << 15
"""The scalar 2^-3, by which an element becomes an operand of the same code: for row accesses of the host."""


class Broadcast(wiring.Component):
    """Streams the elements of a lane instruction to the clusters.

    Latency: the first micro-operation is emitted one cycle after the instruction was accepted (VECTOR source: 4,
    RESIDUAL: 3), and leaves at ``uop`` 8 cycles later. Throughput: one element a cycle; updates every second cycle
    with ``spram``. The next instruction begins in the cycle after the last micro-operation. One may come earlier, and
    waits: whether another is accepted is known from a register, without a look at how far the one at work is.

    Members
    -------
    ``i`` : stream of :class:`VectorOp`. ``scale`` : the scalar of the instruction accepted in the cycle before.
    ``uop`` : to the clusters; ``weight_read`` : one cycle earlier, the row that it multiplies. ``reducing`` : a
    micro-operation that feeds the reduce tree, in cycle 8.
    ``scanner_*`` : writing of nonzero masks. ``scan_*`` : element of a vector register, to and from the clusters.
    ``sample_*``, ``element_*`` : read ports, one cycle latency. ``element_active`` : the element port is in use;
    ``element_wanted`` : or will be by the instruction that waits.
    ``emits_update``, ``emits_store``, ``emits_second`` : an instruction is at work whose micro-operations write rows,
    store a word, use the second vector port; for the last time in the cycle of its last emission.
    ``busy`` : an instruction is at work, or waits.
    ``work``, ``row_read``, ``row_write`` : a micro-operation multiplies, reads a row of weights, writes one; in cycle
    8, when it is known which elements are 0 (for the counters).
    ``operand_saturated`` : pulse.
    """

    def __init__(self, config: CoreConfig) -> None:
        self.config = config
        self._scanner = Scanner(config)
        clusters = self._scanner.clusters
        super().__init__(
            {
                "i": In(stream.Signature(VectorOp(config))),
                "scale": In(25),
                "uop": Out(Uop(config)),
                "weight_read": Out(WeightRead(config)),
                "reducing": Out(1),
                "mask_write": In(1),
                "mask_word": In(range(config.vectors)),
                "mask": In(config.lanes),
                "scan_valid": Out(1),
                "scan_word": Out(range(config.vectors)),
                "scan_lane": Out(range(max(2, config.cluster_lanes))),
                "scan_values": In(signed(ELEMENT.bits)).array(clusters),
                "sample_count": In(13),
                "sample_address": Out(12),
                "sample_data": In(Pixel),
                "element_address": Out(12),
                "element_data": In(signed(ELEMENT.bits)),
                "element_active": Out(1),
                "element_wanted": Out(1),
                "emits_update": Out(1),
                "emits_store": Out(1),
                "emits_second": Out(1),
                "busy": Out(1),
                "work": Out(1),
                "row_read": Out(1),
                "row_write": Out(1),
                "operand_saturated": Out(1),
                "seed_valid": In(1),
                "seed": In(32),
            }
        )

    def elaborate(self, platform: object) -> Module:
        m = Module()
        config = self.config
        m.submodules.scanner = scanner = self._scanner
        m.submodules.operand = operand = OperandUnit(config)
        m.submodules.merge = merge = PixelMerge()
        m.d.comb += [
            scanner.write.eq(self.mask_write),
            scanner.write_word.eq(self.mask_word),
            scanner.mask.eq(self.mask),
            operand.seed_valid.eq(self.seed_valid),
            operand.seed.eq(self.seed),
        ]

        # cycle 0: the instruction at work, and its next micro-operation
        word = Signal(VectorOp(config))
        active, first = Signal(), Signal()
        element = Signal(12)
        tile = Signal(8)
        # Rows behind the first; of a RESIDUAL, its number among the pixels, too.
        offsets = range(max(config.rows, 1 << 12))
        offset, tile_offset = Signal(offsets), Signal(offsets)
        pause = Signal()
        scanning, listing, listening, merging, waiting = (Signal() for _ in range(5))
        streams = (word.op == Op.MAC) | (word.op == Op.UPD)
        m.d.comb += waiting.eq(pause | (merging & ~merge.ready))
        # Elements and tiles after this one, counted down: comparing an index with its limit would take too long.
        elements_left, tiles_left, empty = Signal(12), Signal(8), Signal()
        last_tile, last_element, last = Signal(), Signal(), Signal()
        exhausted, single_tile = Signal(), Signal()
        emit, finish = Signal(), Signal()
        decoded, flags = Signal(Flags), Signal(Flags)
        # No program may keep the unit for ever: 0 tiles are all there can be, and so are 0 results of a reduction.
        m.d.comb += [
            last.eq(last_tile & last_element),
            exhausted.eq(Mux(scanning, ~scanner.busy, empty & ~flags.reduce)),
            emit.eq(active & ~waiting & Mux(scanning, scanner.valid | exhausted, 1)),
            finish.eq(emit & Mux(scanning, exhausted, last | exhausted)),
            scanner.ready.eq(active & ~pause),
            self.element_active.eq(active & listening),
            self.sample_address.eq(Mux(listing, element, merge.address)),
            self.element_address.eq(word.e + element),
            # Reading again while an element waits does no harm.
            self.scan_valid.eq(scanner.valid),
            self.scan_word.eq(scanner.o_word),
            self.scan_lane.eq(scanner.lane),
        ]
        with m.If(emit & ~finish):
            m.d.sync += first.eq(0)
            with m.If(last_tile):
                m.d.sync += [
                    tile.eq(0),
                    tiles_left.eq(word.tiles - 1),
                    last_tile.eq(single_tile),
                    element.eq(element + 1),
                    elements_left.eq(elements_left - 1),
                    last_element.eq(elements_left == 1),
                    offset.eq(offset + 1),
                    tile_offset.eq(offset + 1),
                ]
            with m.Else():
                m.d.sync += [
                    tile.eq(tile + 1),
                    tiles_left.eq(tiles_left - 1),
                    last_tile.eq(tiles_left == 1),
                    tile_offset.eq(tile_offset + word.stride),
                ]
        if config.memory == "spram":
            # Updates are emitted in even cycles only: they read in even cycles and write, 3 later, in odd ones.
            phase = Signal()
            m.d.sync += phase.eq(~phase)
            m.d.comb += pause.eq(phase & flags.update)
        # The next instruction: decoded when it comes, for who waits for what it emits has no time for that. It begins
        # at once, or is kept until the one at work has finished, which must not reach the sequencer in the same cycle.
        coming, kept, following = (Signal(_Next(config), name=name) for name in ("coming", "kept", "following"))
        waits, free, begins = (Signal(name=name) for name in ("waits", "free", "begins"))
        self._decode(m, coming)
        m.d.comb += [
            self.i.ready.eq(~waits),
            free.eq(~active | finish),
            begins.eq(free & (waits | self.i.valid)),
            following.eq(Mux(waits, kept, coming)),
        ]
        m.d.sync += waits.eq(~free & (waits | self.i.valid))
        with m.If(~waits):
            m.d.sync += kept.eq(coming)
        with m.If(free):
            m.d.sync += active.eq(begins)
        with m.If(begins):
            m.d.sync += [
                word.eq(following.word),
                decoded.eq(following.flags),
                scanning.eq(following.scans),
                listing.eq(following.lists),
                listening.eq(following.listens),
                merging.eq(following.merges),
                first.eq(1),
                element.eq(0),
                elements_left.eq(following.count - 1),
                last_element.eq(following.single),
                empty.eq(following.empty),
                tile.eq(0),
                tiles_left.eq(following.word.tiles - 1),
                last_tile.eq(following.single_tile),
                single_tile.eq(following.single_tile),
                offset.eq(0),
                tile_offset.eq(0),
            ]
        m.d.comb += [
            scanner.start.eq(begins & following.scans),
            scanner.word.eq(following.word.p2),
            scanner.count.eq(following.word.n),
        ]

        # Its scalar comes one cycle after it, and is used in its cycle 1 at the earliest.
        scale, kept_scale = Signal(25, name="scale_at_work"), Signal(25, name="scale_kept")
        accepted, begun = Signal(name="accepted"), Signal(name="begun")
        m.d.sync += [accepted.eq(self.i.valid & self.i.ready), begun.eq(begins)]
        with m.If(accepted):
            m.d.sync += kept_scale.eq(self.scale)
        with m.If(begun):
            m.d.sync += scale.eq(Mux(accepted, self.scale, kept_scale))

        m.d.comb += [
            flags.eq(decoded),
            flags.init.eq(decoded.init & first),
            self.busy.eq(active | waits),
            self.element_wanted.eq(self.element_active | (waits & kept.listens)),
            # Nothing is accepted behind an instruction that waits, so that what waits needs not be known to anyone.
            self.emits_update.eq(active & (flags.update | flags.store_row)),
            self.emits_store.eq(active & flags.store),
            self.emits_second.eq(active & ((flags.y == Y.SECOND) | (flags.y == Y.GROUP))),
        ]

        # cycles 1 to 8
        record = data.StructLayout(
            {
                "valid": 1,
                "flags": Flags,
                "row": range(config.rows),
                "offset": offsets,
                "p1": range(config.vectors),
                "p2": range(config.vectors),
                "lane": range(max(2, config.lanes)),
                "member": range(max(2, config.group)),
                "cluster": range(max(2, scanner.clusters)),
                "neg": 1,
                "empty": 1,
                "kind": Source,
                "row_access": 1,
                "value": signed(16),
                "limit": 12,
                "scale": 25,
            }
        )
        stages = [Signal(record, name=f"cycle_{cycle}") for cycle in range(OPERAND_STAGE + 1)]
        now = stages[0]
        host = word.op >= HostOp.LOAD_LANE
        m.d.comb += [
            # An instruction without any element still clears the accumulators, by a product with nothing.
            now.valid.eq(emit & (flags.accumulate | ~exhausted)),
            now.flags.eq(flags),
            now.row.eq(word.row),
            now.offset.eq(Mux(scanning, scanner.offset, tile_offset)),
            now.p1.eq(word.p1 + Mux(flags.reduce & ~host, tile, 0)),
            now.p2.eq(word.p2 + Mux(flags.reduce & ~host, tile, 0)),
            now.lane.eq(Mux(host, word.lane, element)),
            now.member.eq(element),
            now.cluster.eq(scanner.cluster),
            now.neg.eq(word.neg & (word.op != Op.NOISE)),
            now.empty.eq(exhausted),
            now.kind.eq(Mux(streams, word.source, Mux(word.op == Op.SCAT, Source.ELEMENTS, Source.CONST))),
            now.row_access.eq(host),
            now.value.eq(word.value),
            now.limit.eq(word.n),
        ]
        for earlier, later in itertools.pairwise(stages):
            m.d.sync += later.eq(earlier)
        m.d.sync += stages[2].scale.eq(Mux(stages[1].row_access, _RAW_SCALE, scale))
        m.d.sync += stages[2].row.eq(
            stages[1].row + Mux(stages[1].kind == Source.SAMPLE, self.sample_data.index, stages[1].offset)
        )

        # The pixel of an element: taken in cycle 1, there in cycle 2.
        m.d.comb += [
            merge.start.eq(begun & merging),
            merge.count.eq(self.sample_count),
            merge.data.eq(self.sample_data),
            merge.take.eq(stages[1].valid & (stages[1].kind == Source.RESIDUAL) & ~stages[1].empty),
            merge.index.eq(stages[1].offset),
        ]

        # element: cycle 1 from memories, cycles 2 to 4 along with those of the vector registers
        x = [Signal(signed(ELEMENT.bits), name=f"x_{cycle}") for cycle in range(2, ELEMENT_STAGE + 1)]
        with m.If(stages[1].empty):
            m.d.sync += x[0].eq(0)
        with m.Elif(stages[1].row_access):
            m.d.sync += x[0].eq(stages[1].value)
        with m.Else(), m.Switch(stages[1].kind):
            with m.Case(Source.SAMPLE):
                m.d.sync += x[0].eq(self.sample_data.value << PIXEL_SHIFT)
            with m.Case(Source.ELEMENTS, Source.RESIDUAL):
                m.d.sync += x[0].eq(self.element_data)
            with m.Default():
                m.d.sync += x[0].eq(_ONE)
        scanned = Array(self.scan_values)[stages[3].cluster]
        clipped = Mux(x[0] < 0, 0, Mux(x[0] > WHITE, WHITE, x[0]))
        place = Signal.like(self.sample_data.index)
        m.d.sync += place.eq(self.sample_data.index)
        with m.If(stages[2].kind == Source.RESIDUAL):
            m.d.sync += x[1].eq(clipped - (merge.value << PIXEL_SHIFT))
        with m.Elif((stages[2].kind == Source.SAMPLE) & (place >= stages[2].limit)):
            m.d.sync += x[1].eq(0)
        with m.Else():
            m.d.sync += x[1].eq(x[0])
        with m.If((stages[3].kind == Source.VECTOR) & ~stages[3].empty):
            m.d.sync += x[2].eq(scanned)
        with m.Else():
            m.d.sync += x[2].eq(x[1])

        # A zero element is no work: it adds nothing, and must not step any generator.
        idle = Signal()
        ready = stages[ELEMENT_STAGE]
        skips = ready.kind.matches(Source.SAMPLE, Source.ELEMENTS, Source.RESIDUAL)
        m.d.comb += [
            idle.eq((x[2] == 0) & (skips | ready.empty)),
            operand.x.eq(x[2]),
            operand.scale.eq(ready.scale),
            operand.neg.eq(ready.neg),
            operand.fine.eq(ready.flags.fine),
            operand.stochastic.eq(ready.valid & ready.flags.update & ~ready.flags.lateral & ~idle),
        ]
        counts = Signal()
        m.d.comb += counts.eq(~idle | (ready.flags.y == Y.MASKED))
        counted = stages[ELEMENT_STAGE + 1]
        with m.If(~counts):
            m.d.sync += [counted.flags.product.eq(0), counted.flags.update.eq(0)]

        final, before = stages[OPERAND_STAGE], stages[OPERAND_STAGE - 1]
        uses_operand = final.flags.y == Y.OPERAND
        masked = final.flags.y == Y.MASKED
        m.d.comb += [
            self.weight_read.valid.eq(multiplies_weights(before.valid, before.flags)),
            self.weight_read.row.eq(before.row),
            self.uop.valid.eq(final.valid),
            self.uop.flags.eq(final.flags),
            self.uop.row.eq(final.row),
            self.uop.p1.eq(final.p1),
            self.uop.p2.eq(final.p2),
            self.uop.lane.eq(final.lane),
            self.uop.member.eq(final.member),
            self.uop.m.eq(operand.m),
            self.reducing.eq(final.valid & final.flags.reduce),
            self.work.eq(final.valid & final.flags.product),
            # An update reads its row, too; a row access of the host is no product.
            self.row_read.eq(self.work & (final.flags.update | (final.flags.x == X.WEIGHT))),
            self.row_write.eq(self.work & final.flags.update),
            self.operand_saturated.eq(final.valid & operand.saturated & (uses_operand | masked) & final.flags.product),
        ]
        return m

    def _decode(self, m: Module, coming: data.View) -> None:
        """What is offered, and what follows from it alone."""
        word = self.i.payload
        streams = (word.op == Op.MAC) | (word.op == Op.UPD)
        decode(m, word, coming.flags)
        m.d.comb += [
            coming.word.eq(word),
            coming.count.eq(Mux(streams & (word.source == Source.SAMPLE), self.sample_count, word.n)),
            coming.empty.eq(coming.count == 0),
            coming.single.eq(coming.count == 1),
            coming.single_tile.eq(word.tiles == 1),
            coming.scans.eq(streams & (word.source == Source.VECTOR)),
            coming.lists.eq(streams & (word.source == Source.SAMPLE)),
            coming.merges.eq(streams & (word.source == Source.RESIDUAL)),
            coming.listens.eq((streams & word.source.matches(Source.ELEMENTS, Source.RESIDUAL)) | (word.op == Op.SCAT)),
        ]


class _Next(data.StructLayout):
    """An instruction on its way to its first micro-operation, and what follows from it.

    ``count`` : elements, which may be none (``empty``) or one (``single``); ``single_tile`` : of one tile each.
    ``scans``, ``lists``, ``listens``, ``merges`` : streams a vector register, the sample, elements, a residual.
    """

    def __init__(self, config: CoreConfig) -> None:
        told = ("empty", "single", "single_tile", "scans", "lists", "listens", "merges")
        super().__init__({"word": VectorOp(config), "flags": Flags, "count": 12} | dict.fromkeys(told, 1))
