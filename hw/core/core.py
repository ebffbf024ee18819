"""The learning core: clusters of lanes, broadcast, reduction, scalar unit and sequencer behind one host port."""

from __future__ import annotations

import itertools

from amaranth.hdl import Cat, Module, Mux, Signal, Value
from amaranth.lib import data, wiring
from amaranth.lib.fifo import SyncFIFO
from amaranth.lib.memory import Memory
from amaranth.lib.wiring import In

from onward.hw.spec.config import CoreConfig
from onward.hw.spec.formats import ELEMENT

from .broadcast import Broadcast
from .cluster import Cluster
from .host_port import Access, HostPort
from .lane_seeding import LaneSeeding
from .memory_style import small_memory
from .reduce_tree import ReduceTree
from .reducer import Reducer
from .register_slice import RegisterSlice
from .row_port import RowPort
from .sample_buffer import SampleBuffer
from .scalar_unit import ScalarUnit
from .sequencer import Sequencer
from .uop import OPERAND_STAGE, PRODUCT_STAGE

__all__ = ["Core"]


class Core(wiring.Component):
    """Executes the programs of :mod:`onward.hw.spec.isa` on samples, bit for bit as the golden model does.

    Parameters
    ----------
    config : the core.

    Members
    -------
    ``host`` : programs, samples, results, row accesses and counters, see :class:`.host_port.HostPort`.
    """

    def __init__(self, config: CoreConfig) -> None:
        self.config = config
        super().__init__({"host": In(HostPort())})

    def elaborate(self, platform: object) -> Module:
        m = Module()
        config, host = self.config, self.host
        m.submodules.samples = samples = SampleBuffer(config)
        m.submodules.sequencer = sequencer = Sequencer(config)
        m.submodules.broadcast = broadcast = Broadcast(config)
        m.submodules.scalars = scalars = ScalarUnit(config)
        size = config.cluster_lanes
        clusters = [Cluster(config, first, min(size, config.lanes - first)) for first in range(0, config.lanes, size)]
        for number, cluster in enumerate(clusters):
            m.submodules[f"cluster_{number}"] = cluster
        tree = ReduceTree(len(clusters), max(len(cluster.sum) for cluster in clusters))
        m.submodules.tree = tree
        m.submodules.reducer = reducer = Reducer(config, len(tree.o))
        m.submodules.rows = rows = RowPort(config)
        # What the host wants of the sequencer is a long way from what the sequencer can do.
        m.submodules.accesses = accesses = RegisterSlice(Access)
        m.submodules.seeds = seeds = RegisterSlice(32)
        wiring.connect(m, wiring.flipped(host.seed), seeds.i)

        # A seed begins when nothing is under way, and has arrived everywhere when the last lane has it. Nothing starts
        # from when it waits.
        m.submodules.seeding = seeding = LaneSeeding()
        rests, begins, seeded, seeds_lanes = Signal(), Signal(), Signal(), Signal(init=1)
        m.d.sync += [
            seeds_lanes.eq(seeding.busy),
            begins.eq((begins | (seeds.o.valid & rests)) & ~seeded),
        ]
        m.d.comb += [
            rests.eq(sequencer.settled & ~sequencer.start & ~sequencer.running & ~accesses.o.valid),
            seeding.i.payload.eq(seeds.o.payload),
            seeding.i.valid.eq(begins),
            seeded.eq(seeding.i.valid & seeding.i.ready),
            seeds.o.ready.eq(seeded),
            scalars.seed.valid.eq(seeded),
            scalars.seed.value.eq(seeds.o.payload),
            broadcast.seed_valid.eq(seeded),
            broadcast.seed.eq(seeds.o.payload),
            *(cluster.seed.eq(seeding.o) for cluster in clusters),
        ]

        # broadcast to the clusters, reduction from them
        local = max(cluster.reduce_latency for cluster in clusters)
        reducing = Signal(PRODUCT_STAGE - OPERAND_STAGE + local + tree.latency)
        m.d.sync += reducing.eq(Cat(broadcast.reducing, reducing))
        for number, cluster in enumerate(clusters):
            m.d.comb += [
                cluster.uop.eq(broadcast.uop),
                cluster.weight_read.eq(broadcast.weight_read),
                cluster.scan_valid.eq(broadcast.scan_valid),
                cluster.scan_word.eq(broadcast.scan_word),
                cluster.scan_lane.eq(broadcast.scan_lane),
                broadcast.scan_values[number].eq(cluster.scan_value),
            ]
            value = cluster.sum
            for _ in range(local - cluster.reduce_latency):
                later = Signal.like(value)
                m.d.sync += later.eq(value)
                value = later
            m.d.comb += tree.i[number].eq(value)
        m.d.comb += [reducer.sum.eq(tree.o), reducer.sum_valid.eq(reducing[-1])]

        # masks of stored words, one cycle behind the clusters
        stores = [Signal(data.StructLayout({"valid": 1, "word": range(config.vectors)})) for _ in range(7)]
        m.d.sync += [stores[0].valid.eq(broadcast.uop.valid & broadcast.uop.flags.store)]
        m.d.sync += [stores[0].word.eq(broadcast.uop.p1)]
        m.d.sync += [later.eq(earlier) for earlier, later in itertools.pairwise(stores)]
        m.d.sync += broadcast.mask.eq(Cat(cluster.nonzero for cluster in clusters))
        m.d.comb += [broadcast.mask_write.eq(stores[6].valid), broadcast.mask_word.eq(stores[6].word)]

        self._connect_units(m, samples, sequencer, broadcast, scalars, reducer)
        self._connect_elements(m, platform, broadcast, scalars, reducer)
        self._connect_host(m, samples, sequencer, scalars, reducer, rows, accesses, seeds.o.valid | seeds_lanes)
        self._count(m, sequencer, broadcast, scalars, reducer, clusters)
        return m

    def _connect_units(
        self,
        m: Module,
        samples: SampleBuffer,
        sequencer: Sequencer,
        broadcast: Broadcast,
        scalars: ScalarUnit,
        reducer: Reducer,
    ) -> None:
        """Instructions and completions between sequencer, broadcast and scalar unit."""
        m.submodules.sums = sums = SyncFIFO(width=25, depth=8)
        wiring.connect(m, sequencer.vector, broadcast.i)
        wiring.connect(m, sequencer.scalar, scalars.i)
        wiring.connect(m, sequencer.tag, reducer.tag)
        m.d.comb += [
            sums.w_data.eq(reducer.scalar),
            sums.w_en.eq(reducer.scalar_valid),
            scalars.reduced.payload.eq(sums.r_data),
            scalars.reduced.valid.eq(sums.r_rdy),
            sums.r_en.eq(scalars.reduced.ready),
            sequencer.scalar_taken.eq(scalars.reduced.valid & scalars.reduced.ready),
            scalars.read_address.eq(sequencer.scalar_address),
            broadcast.scale.eq(scalars.read_data),
            sequencer.scalar_data.eq(scalars.read_data),
            sequencer.scalar_idle.eq(scalars.idle),
            sequencer.scalar_done.eq(scalars.scalar_done.valid),
            sequencer.scalar_number.eq(scalars.scalar_done.number),
            sequencer.index_done.eq(scalars.index_done.valid),
            sequencer.index_write.eq(scalars.index_done.write),
            sequencer.index_number.eq(scalars.index_done.number),
            sequencer.index_value.eq(scalars.index_done.value),
            sequencer.element_done.eq(scalars.element_done),
            sequencer.rows_retired.eq(reducer.retired),
            sequencer.broadcast_busy.eq(broadcast.busy),
            sequencer.broadcast_elements.eq(broadcast.element_wanted),
            sequencer.emits_update.eq(broadcast.emits_update),
            sequencer.emits_store.eq(broadcast.emits_store),
            sequencer.emits_second.eq(broadcast.emits_second),
            sequencer.label.eq(samples.label),
            broadcast.sample_count.eq(samples.count),
            samples.address.eq(broadcast.sample_address),
            broadcast.sample_data.eq(samples.data),
            scalars.sample_norm.eq(samples.norm),
            scalars.element_hold.eq(sequencer.elements_held),
        ]

    def _connect_elements(
        self, m: Module, platform: object, broadcast: Broadcast, scalars: ScalarUnit, reducer: Reducer
    ) -> None:
        """Element memory: the sequencer sees to it that only one unit uses it at a time."""
        depth = self.config.elements
        # Nobody uses what he reads while it is written: a simulation that would is spoiled.
        attrs = {"no_rw_check": 1}
        m.submodules.elements = elements = Memory(shape=ELEMENT.bits, depth=depth, init=[], attrs=attrs)
        write, read = elements.write_port(), elements.read_port()
        value = Signal(ELEMENT.bits)
        m.d.comb += value.eq(read.data)
        if platform is None:
            met = Signal()
            m.d.sync += met.eq(write.en & (write.addr == read.addr))
            with m.If(met):
                m.d.comb += value.eq(~read.data)
        with m.If(scalars.element_hold):
            m.d.comb += read.addr.eq(reducer.element_read_address)
        with m.Elif(broadcast.element_active):
            m.d.comb += read.addr.eq(broadcast.element_address)
        with m.Else():
            m.d.comb += read.addr.eq(scalars.element_read_address)
        m.d.comb += [
            broadcast.element_data.eq(value),
            scalars.element_read.eq(value),
            reducer.element_read.eq(value),
            write.en.eq(reducer.element_write | scalars.element_write),
            write.addr.eq(Mux(reducer.element_write, reducer.element_address, scalars.element_write_address)),
            write.data.eq(Mux(reducer.element_write, reducer.element_data, scalars.element_data)),
        ]

    def _connect_host(
        self,
        m: Module,
        samples: SampleBuffer,
        sequencer: Sequencer,
        scalars: ScalarUnit,
        reducer: Reducer,
        rows: RowPort,
        accesses: RegisterSlice,
        seeding: Value,
    ) -> None:
        """Programs, samples, runs, results and row accesses."""
        host = self.host
        attrs = small_memory(self.config)
        depth = self.config.results
        place_bits = (depth - 1).bit_length()
        m.submodules.results = results = Memory(shape=32, depth=2 << place_bits, init=[], attrs=attrs)
        write, read = results.write_port(), results.read_port()
        count = Signal(range(depth + 1))
        word = scalars.result
        finished = Signal()
        overrun = Signal()
        start_sample = Signal()
        start_run = Signal()
        free = ~sequencer.start & ~sequencer.running & ~finished
        startable = free & ~accesses.o.valid & ~seeding
        # The link is a long way from the sample buffer: what it tells takes a cycle, and a sample on that way waits.
        m.d.sync += [
            samples.begin.eq(host.sample_begin),
            samples.reset.eq(host.reset),
            samples.pixel.payload.eq(host.pixel.payload),
            samples.pixel.valid.eq(host.pixel.valid),
            samples.tail.payload.eq(host.sample.payload),
            samples.tail.valid.eq(host.sample.valid),
        ]
        queued = samples.waiting | samples.tail.valid
        m.d.comb += [
            sequencer.program_write.eq(host.program.valid),
            sequencer.program_address.eq(host.program.payload.address),
            sequencer.program_word.eq(host.program.payload.word),
            host.program.ready.eq(1),
            host.pixel.ready.eq(1),
            host.sample.ready.eq(1),
            host.slot_free.eq(samples.slot_free & ~samples.tail.valid),
            start_sample.eq(startable & samples.waiting),
            host.run.ready.eq(startable & ~queued),
            start_run.eq(host.run.valid & host.run.ready),
            samples.advance.eq(start_sample),
            host.busy.eq(~free | queued),
            host.done.valid.eq(finished),
            host.done.payload.count.eq(count),
            host.done.payload.overrun.eq(overrun),
            word.ready.eq(1),
            write.addr.eq(Cat(count[:place_bits], host.result_bank)),
            write.data.eq(word.payload),
            write.en.eq(word.valid & (count != depth)),
            read.addr.eq(Cat(host.result_address.word[:place_bits], host.result_address.bank)),
            host.result_data.eq(read.data),
            rows.answer_valid.eq(reducer.answer_valid),
            rows.answer.eq(reducer.answer),
        ]
        wiring.connect(m, wiring.flipped(host.access), accesses.i)
        wiring.connect(m, accesses.o, rows.i)
        wiring.connect(m, rows.vector, sequencer.access)
        wiring.connect(m, rows.o, wiring.flipped(host.answer))
        # Whether a program can start is known here, and what starts it is far away.
        m.d.sync += [
            sequencer.start.eq(start_sample | start_run),
            sequencer.entry.eq(Mux(start_sample, samples.entry, host.run.payload)),
        ]
        with m.If(write.en):
            m.d.sync += count.eq(count + 1)
        with m.If(sequencer.start):
            m.d.sync += count.eq(0)
        with m.If(sequencer.ended):
            m.d.sync += [finished.eq(1), overrun.eq(sequencer.overrun)]
        with m.If(host.done.valid & host.done.ready):
            m.d.sync += finished.eq(0)

    def _count(
        self,
        m: Module,
        sequencer: Sequencer,
        broadcast: Broadcast,
        scalars: ScalarUnit,
        reducer: Reducer,
        clusters: list[Cluster],
    ) -> None:
        """The counters, in the order of ``protocol.COUNTERS``; a cycle late, since carry chains follow.

        A reset of the host comes when all units rest: nothing of before it is left to be counted.
        """
        # The scalar unit saturates late in a cycle.
        element_saturation = Signal()
        amounts = (
            sequencer.running,
            broadcast.work,
            sequencer.ended,
            Cat(cluster.row_saturated for cluster in clusters).any(),
            Cat(cluster.word_saturated for cluster in clusters).any(),
            broadcast.operand_saturated,
            reducer.saturated + element_saturation,
            broadcast.row_read,
            broadcast.row_write,
        )
        reset = Signal(init=1)
        m.d.sync += [reset.eq(self.host.reset), element_saturation.eq(scalars.element_saturation)]
        for counter, amount in zip(self.host.counters, amounts, strict=True):
            late = Signal.like(amount, name="late", reset_less=True)
            total = Signal.like(counter, name="total", reset_less=True)
            m.d.sync += late.eq(amount)
            m.d.comb += counter.eq(total)
            with m.If(reset):
                m.d.sync += total.eq(0)
            with m.Else():
                m.d.sync += total.eq(total + late)
