"""Everything that works on whole vectors: streams elements to the lanes, and walks over the lanes' sums."""

from __future__ import annotations

import itertools

from amaranth.hdl import Array, Assert, Cat, Module, Mux, Signal, signed
from amaranth.lib import data, enum, wiring
from amaranth.lib.memory import Memory
from amaranth.lib.wiring import In, Out

from onward.hw.core.sample_buffer import Pixel
from onward.hw.spec.config import CoreConfig
from onward.hw.spec.formats import ELEMENT, PIXEL_SHIFT
from onward.hw.spec.limits import STRIDES

from .lane import WRAPS, CompactLane
from .layout import list_words
from .operand import CompactOperand
from .row_memory import RowMemory

__all__ = ["TOTAL_BITS", "Elements", "Shift", "StreamMode", "StreamUnit"]

TOTAL_BITS = 48
"""Bits of the sum over all lanes, a multiple of the processor's words."""


class Elements(enum.Enum, shape=2):
    """Where a stream takes its elements from."""

    SAMPLE = 0
    LIST = 1
    """vector registers or elements, from the list memory"""
    ONE = 2


StreamMode = data.StructLayout(
    {
        "elements": Elements,
        "vector_first": 1,
        "vector_second": 1,
        "update": 1,
        "fine": 1,
        "clear": 1,
        "half": 1,
        "steps": 1,  # a new vector register word for each element
        "sum": 1,  # a walk instead of a stream: the sum over the lanes
        "store": 1,  # a walk instead of a stream: the lanes' sums become a vector register word
        "relu": 1,
        "negate": 1,
    }
)
"""What a start asks for: 13 bits."""


Shift = data.StructLayout({"amount": 6, "above": 2, "positive": 1, "unused": 6, "negative": 1})
"""A scalar without its magnitude: by how much its products are shifted right, plus 256, and its sign."""


class StreamUnit(wiring.Component):
    """One stream or walk at a time; 10 cycles after its last element everything is written.

    A stream sends an element a cycle to all lanes, an update one every second cycle. Elements that are 0 are dropped.
    A walk takes one lane a cycle.

    ::

        cycle 0     addresses of sample or list memory
        cycle 1     the element; its row is put into the history
        cycle 1-5   operand
        cycle 5-7   products: row and vector read; factors; accumulation
        cycle 5-8   updates: row read and generators step; weight, random bits and factors; product; new row
        cycle 10    updates: the row is written, in even cycles if rows are read in odd ones

    Members
    -------
    ``value`` : what the strobes beside it take: ``set_pointer`` the word of the row memory to access, ``set_row`` the
    first row, ``add_row`` what is added to it, ``set_stride`` rows between elements, ``set_count`` elements,
    ``set_list`` the first word of the list memory, ``set_word`` a vector register word, ``set_shift`` the scalar
    without its magnitude (:data:`Shift`), ``start`` a :data:`StreamMode`.
    ``load_first``, ``load_second`` : take row, count and mode, and list and vector register word, from the lanes of the
    word read. ``start_loaded`` : start in this mode, with ``value`` as the scalar's magnitude. ``sample_count`` : count
    of a stream of the sample.
    ``busy`` : a stream or walk is at work. ``uses_rows`` : it will need the row memory in the next cycle, or
    what ``load_first`` changes in four cycles.
    ``access`` : read the row memory at the pointer, which goes on by one; ``row_data`` is there in the cycle after.
    ``write_lanes`` : write ``value`` at the pointer into these lanes.
    ``list_write``, ``list_next`` : write ``value`` into the list memory, go on to its next word. ``list_data``.
    ``total`` : result of the last sum, until the next one.
    ``sample_address``, ``sample_data`` : read port of the sample, one cycle latency.
    ``work``, ``row_read``, ``row_write``, ``operand_saturated``, ``row_saturated``, ``word_saturated`` : pulses, for
    the counters.
    ``seed_valid``, ``seed`` : restart of the generators.
    """

    def __init__(self, config: CoreConfig) -> None:
        self.config = config
        self._rows = RowMemory(config)
        super().__init__(
            {
                "value": In(16),
                "set_pointer": In(1),
                "set_row": In(1),
                "add_row": In(1),
                "load_first": In(1),
                "load_second": In(1),
                "start_loaded": In(1),
                "sample_count": In(13),
                "set_stride": In(1),
                "set_count": In(1),
                "set_list": In(1),
                "set_word": In(1),
                "set_shift": In(1),
                "start": In(1),
                "busy": Out(1),
                "uses_rows": Out(1),
                "access": In(1),
                "row_data": Out(16).array(config.lanes),
                "write_lanes": In(config.lanes),
                "list_write": In(1),
                "list_next": In(1),
                "list_data": Out(16),
                "total": Out(TOTAL_BITS),
                "word_saturated": Out(1),
                "sample_address": Out(12),
                "sample_data": In(Pixel),
                "work": Out(1),
                "row_read": Out(1),
                "row_write": Out(1),
                "operand_saturated": Out(1),
                "row_saturated": Out(1),
                "seed_valid": In(1),
                "seed": In(32),
            }
        )

    def elaborate(self, platform: object) -> Module:
        m = Module()
        config = self.config
        m.submodules.rows = rows = self._rows
        m.submodules.operand = operand = CompactOperand(config)
        lanes = [CompactLane(config, index) for index in range(config.lanes)]
        for index, lane in enumerate(lanes):
            m.submodules[f"lane_{index}"] = lane

        mode = Signal(StreamMode)
        row, pointer = (Signal(range(rows.words), name=name) for name in ("row", "pointer"))
        stride = Signal(range(STRIDES))
        count = Signal(12)
        entry = Signal(range(list_words(config)))
        word = Signal(range(config.vectors))
        magnitude, shift = Signal(16), Signal(Shift)
        for strobe, register in (
            (self.set_stride, stride),
            (self.start_loaded, magnitude),
            (self.set_shift, shift),
        ):
            with m.If(strobe):
                m.d.sync += register.eq(self.value)
        with m.If(self.set_pointer):
            m.d.sync += pointer.eq(self.value)
        with m.Elif(self.access):
            m.d.sync += pointer.eq(pointer + 1)

        # cycle 0
        active, walking, phase, go = Signal(), Signal(), Signal(), Signal()
        at_rows = Signal()
        position = Signal(12)
        drain = Signal(range(12))
        first = Signal()
        start = self.start | self.start_loaded
        with m.If(self.start):
            m.d.sync += mode.eq(self.value)
        with m.Elif(self.load_first):
            m.d.sync += mode.eq(rows.read_data[3])
        m.d.sync += [phase.eq(~phase), first.eq(start)]
        m.d.comb += [
            go.eq(active & ~(mode.update & phase)),
            walking.eq(mode.sum | mode.store),
            self.busy.eq(first | active | (drain != 0)),
            # The row memory is read for the last time 5 cycles after the last element, and written 10 after it.
            at_rows.eq(~walking & (first | active | (drain > 1))),
            self.uses_rows.eq(~walking & (first | active | (drain > 2))),
            self.sample_address.eq(position),
        ]
        with m.If(start):
            m.d.sync += [position.eq(0), drain.eq(11), active.eq(count != 0)]
        with m.Elif(first & ~mode.update):
            # Streams other than updates have no row to write, walks have only their own three cycles.
            m.d.sync += drain.eq(Mux(walking, 3, 6))
        with m.If(~start & go):
            m.d.sync += [position.eq(position + 1), count.eq(count - 1), active.eq(count != 1)]
        with m.Elif(~start & ~active & ~first & (drain != 0)):
            m.d.sync += drain.eq(drain - 1)
        with m.If(self.set_count):
            m.d.sync += count.eq(self.value)
        with m.Elif(self.load_first):
            loaded = StreamMode(rows.read_data[3][: StreamMode.size])
            samples = (loaded.elements == Elements.SAMPLE) & ~loaded.sum & ~loaded.store
            m.d.sync += count.eq(Mux(samples, self.sample_count, rows.read_data[2]))

        # cycle 1: the element
        valid = [Signal(name=f"valid_{cycle}") for cycle in range(11)]
        walk = Signal()
        m.d.sync += [valid[0].eq(go & ~walking), walk.eq(go & walking)]
        # ``valid[0]`` is that of cycle 1 before zeros are dropped; ``valid[k]`` that of cycle k.
        x = Signal(signed(ELEMENT.bits))
        with m.Switch(mode.elements):
            with m.Case(Elements.SAMPLE):
                m.d.comb += x.eq(self.sample_data.value << PIXEL_SHIFT)
            with m.Case(Elements.LIST):
                m.d.comb += x.eq(self.list_data)
            with m.Default():
                m.d.comb += x.eq(1 << ELEMENT.fraction)
        m.d.comb += valid[1].eq(valid[0] & (x != 0))
        m.d.sync += [later.eq(earlier) for earlier, later in itertools.pairwise(valid[1:])]

        # The row of an element, until it is read in cycle 5, and for an update until it is written in cycle 10. Updates
        # have an element in every second cycle, so that each stays for two of them.
        history = [Signal(len(row), name=f"row_{cycle}") for cycle in range(2, 6)]
        row_7, row_9, row_10 = (Signal(len(row), name=f"row_{cycle}") for cycle in (7, 9, 10))
        sampling = mode.elements == Elements.SAMPLE
        m.d.sync += history[0].eq(row + Mux(sampling, self.sample_data.index, 0))
        m.d.sync += [later.eq(earlier) for earlier, later in itertools.pairwise(history)]
        with m.If(phase):
            m.d.sync += [row_7.eq(history[-1]), row_9.eq(row_7), row_10.eq(row_9)]
        at_row = Mux(valid[10] & mode.update, row_10, history[-1])
        with m.If(self.set_row):
            m.d.sync += row.eq(self.value)
        with m.Elif(self.load_first):
            m.d.sync += row.eq(rows.read_data[1])
        with m.Elif(self.add_row | (valid[0] & ~sampling)):
            m.d.sync += row.eq(row + Mux(at_rows, stride, self.value))

        m.d.comb += [
            operand.x.eq(x),
            operand.magnitude.eq(magnitude),
            operand.shift.eq(shift.amount),
            operand.negate.eq(mode.negate ^ shift.negative),
            operand.tiny.eq(shift.positive & ((shift.above != 0) | (shift.amount > 40))),
            operand.huge.eq(~shift.positive),
            operand.stochastic.eq(mode.update),
            operand.step.eq(valid[4] & mode.update),
            operand.seed_valid.eq(self.seed_valid),
            operand.seed.eq(self.seed),
        ]

        # row memory: one access a cycle
        reads_row = ~(mode.vector_first & ~mode.update)
        m.d.comb += [
            rows.address.eq(Mux(at_rows, at_row, pointer)),
            rows.read.eq(self.access | (valid[5] & reads_row)),
            rows.write.eq(self.write_lanes | (valid[10] & mode.update).replicate(config.lanes)),
        ]

        if platform is None:
            # Elements on their way need their mode for 9 cycles.
            early = Signal()
            m.d.comb += early.eq(self.load_first & Cat(valid[:10]).any())
            m.d.sync += Assert(~early, "a stream's mode changes while its elements are on their way")
        self._lanes(m, mode, valid, first, lanes, operand, rows)
        self._walk(m, mode, walk, position, word, entry, lanes, go, valid, first)
        uses_operand = ~mode.vector_second
        # A vector register times a scalar has two bits less behind its point than the accumulator: it is added four
        # times, and counts as one product.
        again = mode.vector_first & ~mode.vector_second & ~mode.update & valid[7]
        counts = valid[6] & ~again
        m.d.comb += [
            self.work.eq(counts),
            self.row_read.eq(counts & (reads_row | mode.update)),
            self.row_write.eq(counts & mode.update),
            self.operand_saturated.eq(counts & uses_operand & operand.saturated),
            self.row_saturated.eq(valid[9] & mode.update & Cat(lane.saturated for lane in lanes).any()),
        ]
        return m

    def _lanes(
        self,
        m: Module,
        mode: data.View,
        valid: list[Signal],
        first: Signal,
        lanes: list[CompactLane],
        operand: CompactOperand,
        rows: RowMemory,
    ) -> None:
        """Control, factors and rows of the lanes."""
        for index, lane in enumerate(lanes):
            control = lane.control
            m.d.comb += [
                control.vector_first.eq(mode.vector_first),
                control.vector_second.eq(mode.vector_second),
                control.add.eq(valid[7]),
                control.clear.eq(first & mode.clear),
                control.half.eq(mode.half),
                control.load.eq(valid[6] & mode.update),
                control.fine.eq(mode.fine),
                control.step.eq(valid[5] & mode.update),
                control.update.eq(valid[8] & mode.update),
                lane.weight.eq(rows.read_data[index]),
                lane.operand.eq(operand.m),
                lane.seed_valid.eq(self.seed_valid),
                lane.seed.eq(self.seed),
                rows.write_data[index].eq(Mux(valid[10], lane.result, self.value)),
                self.row_data[index].eq(rows.read_data[index]),
            ]

    def _walk(
        self,
        m: Module,
        mode: data.View,
        walk: Signal,
        position: Signal,
        word: Signal,
        entry: Signal,
        lanes: list[CompactLane],
        go: Signal,
        valid: list[Signal],
        first: Signal,
    ) -> None:
        """Sums over lanes and stores, lane after lane; the vector registers, which exist twice."""
        config = self.config
        depth = list_words(config)
        m.submodules.list = listed = Memory(shape=16, depth=depth, init=[])
        write, read = listed.write_port(), listed.read_port()
        lane_number = position[: max(1, (config.lanes - 1).bit_length())]

        # cycle 0 of a walk: the lane; cycle 1: its sum; cycle 2: written
        chosen = Signal(signed(32 + WRAPS))
        at = Signal.like(lane_number)
        sums = Array(lane.total for lane in lanes)
        wraps = Array(lane.wraps for lane in lanes)
        low = Signal(signed(32))
        high = Signal(signed(WRAPS))
        m.d.sync += [low.eq(sums[lane_number]), high.eq(wraps[lane_number]), at.eq(lane_number)]
        m.d.comb += chosen.eq(low + (high << 32))
        total = Signal(signed(TOTAL_BITS))
        m.d.comb += self.total.eq(total)
        start = self.start | self.start_loaded
        with m.If(first & mode.sum):
            m.d.sync += total.eq(0)
        with m.Elif(walk & mode.sum):
            m.d.sync += total.eq(total + chosen)

        value = chosen[16:].as_signed()
        above = value[15:]
        fits = Signal()
        stored, storing, at_2 = Signal(16), Signal(), Signal.like(at)
        m.d.comb += fits.eq((above == 0) | above.all())
        m.d.sync += [storing.eq(walk & mode.store), at_2.eq(at)]
        with m.If(mode.relu & value[-1]):
            m.d.sync += stored.eq(0)
        with m.Else():
            m.d.sync += stored.eq(Mux(fits, value[:16], Cat((~value[-1]).replicate(15), value[-1])))
        saturated = Signal()
        with m.If(start):
            m.d.sync += saturated.eq(0)
        with m.Elif(walk & mode.store & ~fits):
            m.d.sync += saturated.eq(1)
        m.d.comb += self.word_saturated.eq(storing & (at_2 == config.lanes - 1) & saturated)

        m.d.comb += [
            write.addr.eq(entry),
            write.en.eq(storing | self.list_write),
            write.data.eq(Mux(storing, stored, self.value)),
            read.addr.eq(entry),
            self.list_data.eq(read.data),
        ]
        with m.If(self.set_list):
            m.d.sync += entry.eq(self.value)
        with m.Elif(self.load_second):
            m.d.sync += entry.eq(self.row_data[0])
        with m.Elif(storing | self.list_next | (go & (mode.elements == Elements.LIST) & ~(mode.sum | mode.store))):
            m.d.sync += entry.eq(entry + 1)

        with m.If(self.set_word):
            m.d.sync += word.eq(self.value)
        with m.Elif(self.load_second):
            m.d.sync += word.eq(self.row_data[3])
        with m.Elif(valid[5] & mode.steps):
            m.d.sync += word.eq(word + 1)
        for index, lane in enumerate(lanes):
            memory = Memory(shape=16, depth=config.vectors, init=[])
            m.submodules[f"vector_{index}"] = memory
            port, source = memory.write_port(), memory.read_port()
            m.d.comb += [
                port.addr.eq(word),
                port.data.eq(write.data),
                port.en.eq(storing & (at_2 == index)),
                source.addr.eq(word),
                lane.vector.eq(source.data),
            ]
