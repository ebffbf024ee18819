"""The sequencer: issues instructions in order, as soon as what they need is there."""

from __future__ import annotations

from functools import reduce
from operator import or_

from amaranth.hdl import Array, Module, Mux, Signal, Value
from amaranth.lib import data, stream, wiring
from amaranth.lib.wiring import In, Out

from onward.hw.spec.config import CoreConfig
from onward.hw.spec.isa import INDEX_BITS, INDEX_REGISTERS, SCALAR_REGISTERS, Op

from .fetch import Fetch
from .instruction_kinds import InstructionKinds, Word, host_kinds
from .reducer import TAGS, ReduceKind, ReduceTag
from .scalar_unit import TAKE, ScalarEntry
from .uop import (
    LOAD_AFTER_STORE_ROW,
    SCAN_AFTER_SECOND,
    SCAN_AFTER_STORE,
    UPDATE_AFTER_UPDATE,
    VECTOR_AFTER_STORE,
    WEIGHT_AFTER_UPDATE,
)
from .vector_op import VectorOp
from .watchdog import Watchdog

__all__ = ["Sequencer"]

_WRITERS = 5
"""Bits that number the scalar results on their way: more than the scalar unit's queue can hold."""
_CHOSEN_FIRST = 8
"""Scalar registers of which one is chosen in one cycle."""
_LONG_AGO = 31
"""Cycles after which nothing that was emitted is on its way."""
_PENDING = 8
"""Sums for scalar registers that may be outstanding: the depth of the FIFO in front of the scalar unit."""


class Sequencer(wiring.Component):
    """Runs the program memory; resolves index registers; keeps the order of everything that depends on each other.

    An instruction is issued every second cycle at most: in one cycle it is decided that it may be, and what its index
    registers add up to; in the next it is. Between the two nothing else is issued, so that what was ready or over
    remains so. Lane instructions wait for the broadcast unit, for their scalar, and for the pipeline distance from what
    wrote their rows, words or elements (:mod:`.uop`); scalar instructions go to the scalar unit's queue, which works in
    order. ``END`` waits until all units rest.

    A program that runs for longer than the configuration's ``watchdog`` cycles is ended: no instruction is issued any
    more, and when all units rest the run is over. Every instruction is over by itself, so this always comes.

    Members
    -------
    ``start``, ``entry`` : begin a run, while none is under way; an ``access`` of that cycle waits. ``running`` : until
    ``ended`` pulses; ``overrun`` beside it says that the watchdog did it. ``label`` : of the current sample.
    ``access`` : lane operations of the host, passed on while no program runs.
    ``vector``, ``scalar``, ``tag`` : instructions to the broadcast unit, the scalar unit and the reducer. ``vector``
    and ``scalar`` are valid only after their ``ready``, which must remain until then.
    ``scalar_address`` : register whose value the broadcast unit gets in the next cycle.
    ``settled`` : nothing that was issued before this cycle is on its way through the lanes.
    The others report what the units have done, see there.
    """

    def __init__(self, config: CoreConfig) -> None:
        self.config = config
        vector = VectorOp(config)
        super().__init__(
            {
                "start": In(1),
                "entry": In(12),
                "running": Out(1),
                "ended": Out(1),
                "overrun": Out(1),
                "label": In(8),
                "program_write": In(1),
                "program_address": In(range(config.program)),
                "program_word": In(128),
                "access": In(stream.Signature(vector)),
                "vector": Out(stream.Signature(vector)),
                "scalar": Out(stream.Signature(ScalarEntry)),
                "tag": Out(stream.Signature(ReduceTag)),
                "scalar_address": Out(5),
                "scalar_data": In(25),
                "scalar_taken": In(1),
                "scalar_idle": In(1),
                "scalar_done": In(1),
                "scalar_number": In(5),
                "index_done": In(1),
                "index_write": In(1),
                "index_number": In(3),
                "index_value": In(INDEX_BITS),
                "element_done": In(1),
                "rows_retired": In(1),
                "broadcast_busy": In(1),
                "broadcast_elements": In(1),
                "emits_update": In(1),
                "emits_store": In(1),
                "emits_second": In(1),
                "settled": Out(1),
                "elements_held": Out(1),
            }
        )

    def elaborate(self, platform: object) -> Module:
        m = Module()
        m.submodules.fetch = fetch = Fetch(self.config)
        m.d.comb += [
            fetch.write.eq(self.program_write),
            fetch.write_address.eq(self.program_address),
            fetch.write_word.eq(self.program_word),
        ]
        word = data.View(Word, fetch.o.payload)

        # index registers
        self._indexes = indexes = Array(Signal(INDEX_BITS, name=f"index_{number}") for number in range(INDEX_REGISTERS))
        index_busy = Signal(INDEX_REGISTERS)
        # What the scalar unit has done is known late in a cycle: it counts in the next one.
        index_done, index_write, element_done = Signal(), Signal(), Signal()
        index_number = Signal.like(self.index_number, reset_less=True)
        index_value = Signal.like(self.index_value, reset_less=True)
        m.d.sync += [
            index_done.eq(self.index_done),
            index_write.eq(self.index_write & (self.index_number != 0)),
            index_number.eq(self.index_number),
            index_value.eq(self.index_value),
            element_done.eq(self.element_done),
        ]
        with m.If(index_done):
            m.d.sync += index_busy.bit_select(index_number, 1).eq(0)
            with m.If(index_write):
                m.d.sync += indexes[index_number].eq(index_value)

        pulses = {"update": self.emits_update, "store": self.emits_store, "second": self.emits_second}
        since = {name: self._since(m, name, pulse) for name, pulse in pulses.items()}

        def within(name: str, cycles: int) -> Value:
            """Whether the next cycle is less than ``cycles`` after the last pulse."""
            near = Signal(name=f"near_{name}_{cycles}")
            m.d.sync += near.eq(Mux(pulses[name], cycles > 2, since[name] < cycles - 2))
            return pulses[name] | near

        fire = Signal()
        m.d.sync += self.settled.eq(
            ~within("update", _LONG_AGO) & ~within("store", _LONG_AGO) & ~self.broadcast_busy & ~fire
        )

        program_vector = Signal(VectorOp(self.config))
        vector = self.vector.payload
        self._resolve(m, word, indexes, program_vector)
        m.d.sync += vector.eq(Mux(self.running, program_vector, self.access.payload))

        kind, host_kind = Signal(InstructionKinds), Signal(InstructionKinds)
        host_kinds(m, self.access.payload, host_kind)
        m.d.comb += kind.eq(Mux(self.running, fetch.kinds, host_kind))
        hazard = Signal()
        m.d.comb += hazard.eq(
            (kind.reads_weights & within("update", WEIGHT_AFTER_UPDATE))
            | (kind.updates & within("update", UPDATE_AFTER_UPDATE))
            | (kind.loads & within("update", LOAD_AFTER_STORE_ROW))
            | (kind.reads_vectors & within("store", VECTOR_AFTER_STORE))
            | (kind.scans & (within("store", SCAN_AFTER_STORE) | within("second", SCAN_AFTER_SECOND)))
        )

        # What is on its way: scalars, sums, element accesses
        scalar_busy = Signal(SCALAR_REGISTERS)
        tags, rows, sums, element_ops = Signal(3), Signal(3), Signal(range(_PENDING + 1)), Signal(5)
        # Whether there is no more room comes from registers, and lasts for a cycle longer at the most.
        tags_full, sums_full = Signal(), Signal()
        starts_rows = fire & kind.rows
        starts_sum = fire & kind.sums
        starts_element = fire & kind.element_op
        kinds = Signal(TAGS)
        oldest = Signal(range(TAGS))
        newest = Signal(range(TAGS))
        tag_fire = Signal()
        m.d.comb += tag_fire.eq(fire & kind.reduces)
        with m.If(tag_fire):
            m.d.sync += [kinds.bit_select(newest, 1).eq(kind.rows), newest.eq(newest + 1)]
        retires_rows = Signal()
        m.d.comb += retires_rows.eq(self.rows_retired & kinds.bit_select(oldest, 1))
        with m.If(self.rows_retired):
            m.d.sync += oldest.eq(oldest + 1)
        m.d.sync += [
            tags.eq(tags + tag_fire - self.rows_retired),
            tags_full.eq((tags == TAGS) | ((tags == TAGS - 1) & tag_fire)),
            rows.eq(rows + starts_rows - retires_rows),
            sums.eq(sums + starts_sum - self.scalar_taken),
            sums_full.eq((sums == _PENDING) | ((sums == _PENDING - 1) & starts_sum)),
            element_ops.eq(element_ops + starts_element - element_done),
        ]
        m.d.comb += self.elements_held.eq(rows != 0)
        # Several results for one register may be outstanding: it is free when the youngest of them has arrived.
        issued, completed = Signal(_WRITERS), Signal(_WRITERS)
        youngest = Array(
            Signal(_WRITERS, name=f"youngest_{number}", reset_less=True) for number in range(SCALAR_REGISTERS)
        )
        scalar_done, overtaken = Signal(), Signal(reset_less=True)
        # The youngest of the register that has arrived is chosen in two cycles: by the low bits of its number first.
        scalar_number = Signal.like(self.scalar_number, reset_less=True)
        awaited = [
            Signal(_WRITERS, name=f"awaited_{first}", reset_less=True)
            for first in range(0, SCALAR_REGISTERS, _CHOSEN_FIRST)
        ]
        destination = Mux(kind.best, word.p1[:5], word.d)
        starts_scalar = fire & self.running & kind.writes_scalar
        # It becomes the youngest in the next cycle: which one it is takes most of this one.
        started = Signal()
        started_number, started_as = Signal(5, reset_less=True), Signal.like(issued, reset_less=True)
        m.d.sync += [
            scalar_done.eq(self.scalar_done),
            scalar_number.eq(self.scalar_number),
            *(
                each.eq(Array(youngest[first : first + _CHOSEN_FIRST])[self.scalar_number % _CHOSEN_FIRST])
                for each, first in zip(awaited, range(0, SCALAR_REGISTERS, _CHOSEN_FIRST), strict=True)
            ),
            overtaken.eq(
                (starts_scalar & (destination == self.scalar_number))
                | (started & (started_number == self.scalar_number))
            ),
            started.eq(starts_scalar),
            started_number.eq(destination),
            started_as.eq(issued),
        ]
        with m.If(started):
            m.d.sync += youngest[started_number].eq(started_as)
        frees = Signal()
        is_youngest = Array(each == completed for each in awaited)[scalar_number // _CHOSEN_FIRST]
        m.d.comb += frees.eq(scalar_done & is_youngest & ~overtaken)
        with m.If(scalar_done):
            m.d.sync += completed.eq(completed + 1)
        with m.If(frees):
            m.d.sync += scalar_busy.bit_select(scalar_number, 1).eq(0)

        # Whether the scalar of an instruction is on its way is looked up in the cycle before it could be issued.
        def stays_busy(number: Value) -> Value:
            return scalar_busy.bit_select(number, 1) & ~(frees & (scalar_number == number))

        coming = data.View(Word, fetch.coming)
        awaits_scalar = Signal()
        m.d.sync += awaits_scalar.eq(
            Mux(
                fetch.take,
                stays_busy(coming.s) | (starts_scalar & (destination == coming.s)),
                stays_busy(word.s),
            )
        )

        blocked = Signal()
        m.d.comb += blocked.eq(
            (kind.scaled & awaits_scalar)
            | index_busy.bit_select(word.ri, 1)
            | (kind.indexed & (index_busy.bit_select(word.p1i, 1) | index_busy.bit_select(word.p2i, 1)))
            | (kind.writes_index & index_busy.bit_select(word.d[:3], 1))
            | (kind.uses_elements & ((element_ops != 0) | (rows != 0)))
            | (kind.rows & (self.broadcast_elements | (element_ops != 0) | (~word.init & (rows != 0))))
            | (kind.element_op & (self.broadcast_elements | element_ops[-1]))
            | (kind.reduces & tags_full)
            | (kind.sums & sums_full)
        )

        go = Signal()
        with m.If(self.running):
            m.d.comb += go.eq(fetch.o.valid & ~blocked & ~(kind.vector & hazard))
        with m.Else():
            m.d.comb += go.eq(self.access.valid & ~hazard & ~(kind.reduces & tags_full))
        needs_scalar = kind.scalar | kind.sums
        # An END is issued until all units rest. What the host wants beside a start waits for the end of the run.
        m.d.sync += fire.eq(
            go
            & (~kind.vector | self.vector.ready)
            & (~needs_scalar | self.scalar.ready)
            & ~(fire & ~kind.end)
            & ~(fetch.stop | self.start)
        )
        m.d.comb += [
            self.vector.valid.eq(fire & kind.vector),
            self.scalar.valid.eq(fire & needs_scalar),
            fetch.o.ready.eq(fire & self.running & ~kind.end),
            self.access.ready.eq(fire & ~self.running),
            self.scalar_address.eq(word.s),
        ]
        self._queue(m, word, kind, indexes)

        # The scalar of a ROWS instruction arrives one cycle after its issue: so does the tag.
        m.d.sync += [
            self.tag.valid.eq(tag_fire),
            self.tag.payload.kind.eq(
                Mux(kind.rows, ReduceKind.ROWS, Mux(self.running, ReduceKind.SCALAR, ReduceKind.HOST))
            ),
            self.tag.payload.e.eq(vector.e),
            self.tag.payload.n.eq(vector.n),
            self.tag.payload.tiles.eq(vector.tiles),
            self.tag.payload.init.eq(vector.init),
        ]
        m.d.comb += self.tag.payload.scale.eq(self.scalar_data)

        with m.If(starts_scalar):
            m.d.sync += [
                scalar_busy.bit_select(destination, 1).eq(1),
                issued.eq(issued + 1),
            ]
        with m.If(fire & self.running & kind.scalar & kind.writes_index & (word.d[:3] != 0)):
            m.d.sync += index_busy.bit_select(word.d[:3], 1).eq(1)
        self._control(m, word, fetch, fire, kind)
        return m

    def _since(self, m: Module, name: str, pulse: Signal) -> Signal:
        """Cycles from the last ``pulse`` before this cycle, up to ``_LONG_AGO``."""
        since = Signal(range(_LONG_AGO + 1), name=f"since_{name}", init=_LONG_AGO)
        with m.If(pulse):
            m.d.sync += since.eq(1)
        with m.Elif(since != _LONG_AGO):
            m.d.sync += since.eq(since + 1)
        return since

    def _resolve(self, m: Module, word: data.View, indexes: Array, vector: data.View) -> None:
        """The lane instruction with its index registers added and its counts made explicit."""
        m.d.comb += [
            vector.op.eq(word.op),
            vector.source.eq(word.source),
            vector.init.eq(word.init),
            vector.fine.eq(word.fine),
            vector.neg.eq(word.neg),
            vector.function.eq(word.store),
            vector.row.eq(word.row + indexes[word.ri]),
            vector.p1.eq(word.p1 + indexes[word.p1i]),
            vector.p2.eq(word.p2 + indexes[word.p2i]),
            vector.e.eq(word.e),
            vector.stride.eq(word.imm),
            vector.n.eq(word.n),
            vector.tiles.eq(1),
        ]
        with m.Switch(word.op):
            with m.Case(Op.RED, Op.DOT):
                m.d.comb += [vector.n.eq(1), vector.tiles.eq(word.tiles)]
            with m.Case(Op.ROWS):
                m.d.comb += vector.tiles.eq(word.tiles)
            with m.Case(Op.MACV, Op.MACVV, Op.NOISE, Op.ST):
                m.d.comb += vector.n.eq(1)
            with m.Case(Op.LMAC, Op.LUPD):
                m.d.comb += vector.n.eq(self.config.group)
        # The second factor comes from the second port, of these, too.
        with m.If(word.op.matches(Op.RED, Op.ROWS)):
            m.d.comb += vector.p2.eq(vector.p1)

    def _queue(self, m: Module, word: data.View, kind: data.View, indexes: Array) -> None:
        """The scalar unit's entry; a sum of the lanes becomes an entry that takes it."""
        entry = self.scalar.payload
        uses_index = word.op.matches(Op.EADD, Op.STE, Op.LDE)
        m.d.sync += [
            entry.op.eq(Mux(kind.vector, TAKE, word.op)),
            entry.s.eq(word.s),
            entry.p1.eq(word.p1),
            entry.d.eq(word.d),
            entry.e.eq(word.e + Mux(uses_index, indexes[word.ri], 0)),
            entry.n.eq(word.n),
            entry.imm.eq(word.imm),
            entry.index.eq(indexes[word.ri]),
            entry.exclude.eq(word.ri != 0),
        ]

    def _control(self, m: Module, word: data.View, fetch: Fetch, fire: Signal, kind: data.View) -> None:
        """Start, end, and the instructions that the sequencer executes itself."""
        indexes = self._indexes
        resting = Signal()
        m.d.sync += resting.eq(self.scalar_idle & ~self.broadcast_busy & ~self.elements_held)
        m.submodules.watchdog = watchdog = Watchdog(self.config.watchdog)
        m.d.comb += watchdog.start.eq(self.start)
        late = watchdog.late
        # The last instruction may be issued in the cycle in which time is up: then not all units know of it yet.
        stopped = Signal()
        m.d.sync += [stopped.eq(late & self.running), self.overrun.eq(stopped & self.running)]
        m.d.comb += [
            self.ended.eq(self.running & resting & ((fire & kind.end) | self.overrun)),
            fetch.jump.eq(self.start),
            fetch.target.eq(self.entry),
            fetch.stop.eq(self.ended | (late & self.running)),
        ]
        with m.If(self.start):
            m.d.sync += self.running.eq(1)
        with m.If(self.ended):
            m.d.sync += self.running.eq(0)
        kinds = fetch.kinds
        results = (
            (kinds.sets, word.imm),
            (kinds.adds, indexes[word.ri] + word.imm),
            (kinds.labels, self.label),
            (kinds.loops, indexes[word.d[:3]] - 1),
        )
        target, loops = Signal(INDEX_BITS), Signal()
        last_round = Array(index == 1 for index in indexes)
        m.d.sync += [
            target.eq(reduce(or_, (value[:INDEX_BITS] & chosen.replicate(INDEX_BITS) for chosen, value in results))),
            loops.eq(kinds.loops & ~last_round[word.d[:3]]),
        ]
        write = kinds.sets | kinds.adds | kinds.labels | kinds.loops
        with m.If(fire & self.running & loops):
            m.d.comb += [fetch.jump.eq(1), fetch.target.eq(word.imm)]
        with m.If(fire & self.running & write & (word.d[:3] != 0)):
            m.d.sync += indexes[word.d[:3]].eq(target)
