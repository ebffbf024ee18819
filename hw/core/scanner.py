"""Finds the nonzero elements of a vector: one a cycle, whatever lies between them."""

from __future__ import annotations

from amaranth.hdl import Array, C, Cat, Module, Mux, Signal, Value
from amaranth.lib import wiring
from amaranth.lib.memory import Memory
from amaranth.lib.wiring import In, Out

from onward.hw.spec.config import CoreConfig

__all__ = ["Scanner"]


class Scanner(wiring.Component):
    """Holds a nonzero mask of every vector register word and walks through the set bits of consecutive words.

    The first element appears 4 cycles after ``start``; then one a cycle as long as a word has, on average, two nonzero
    elements or a whole cluster of lanes.

    Parameters
    ----------
    config : the core.

    Members
    -------
    ``write``, ``write_word``, ``mask`` : set the mask of a word.
    ``start``, ``word``, ``count`` : begin at ``word``, at most ``count`` elements (zeros included).
    ``busy`` : from the cycle after ``start`` until the last element was taken, or a cycle longer if words without any
    element follow it.
    ``valid``, ``ready`` : handshake of an element. ``o_word`` : its register word; ``cluster``, ``lane`` : where in the
    word; ``offset`` : its number in the vector.
    """

    def __init__(self, config: CoreConfig) -> None:
        self.config = config
        self.clusters = -(-config.lanes // config.cluster_lanes)
        self._memory = Memory(shape=config.lanes, depth=config.vectors, init=[])
        super().__init__(
            {
                "write": In(1),
                "write_word": In(range(config.vectors)),
                "mask": In(config.lanes),
                "start": In(1),
                "word": In(range(config.vectors)),
                "count": In(12),
                "busy": Out(1),
                "valid": Out(1),
                "ready": In(1),
                "o_word": Out(range(config.vectors)),
                "cluster": Out(range(max(2, self.clusters))),
                "lane": Out(range(max(2, config.cluster_lanes))),
                "offset": Out(13),
            }
        )

    def elaborate(self, platform: object) -> Module:
        m = Module()
        lanes, size = self.config.lanes, self.config.cluster_lanes
        m.submodules.memory = memory = self._memory
        write, read = memory.write_port(), memory.read_port()
        m.d.comb += [write.en.eq(self.write), write.addr.eq(self.write_word), write.data.eq(self.mask)]

        # Words are fetched ahead: ``fetching`` while a mask is on its way, ``held`` while it waits in the memory.
        word = Signal.like(self.word)
        remaining = Signal(13)
        base = Signal(13)
        fetching, held = Signal(), Signal()
        row = [Signal(min(size, lanes - first), name=f"row_{first}") for first in range(0, lanes, size)]
        row_word, row_base = Signal.like(self.word), Signal(13)
        # Whether there are elements left is known from registers: the broadcast unit finishes by it. All of them are in
        # ``current`` when it is ``drained``; after a word without any, that is known a cycle later.
        filled, valid = Signal(self.clusters, name="filled"), Signal(name="current_valid")
        drained = Signal(init=1)
        current = Signal(size)
        current_word, current_base = Signal.like(self.word), Signal(13)
        current_cluster = Signal(range(max(2, self.clusters)))

        m.d.comb += read.addr.eq(word)
        pick = Signal(range(max(2, self.clusters)))
        for cluster in reversed(range(self.clusters)):
            with m.If(filled[cluster]):
                m.d.comb += pick.eq(cluster)
        rest = Signal(size)
        m.d.comb += [
            self.valid.eq(valid),
            self.o_word.eq(current_word),
            self.cluster.eq(current_cluster),
            self.lane.eq(_lowest(current)),
            self.offset.eq(current_base + current_cluster * size + self.lane),
            rest.eq(current & (current - 1)),
            self.busy.eq(~drained | valid),
        ]

        take = Signal()
        m.d.comb += take.eq(~valid | (self.ready & (rest == 0)))
        with m.If(self.valid & self.ready):
            m.d.sync += current.eq(rest)
        with m.If(take):
            m.d.sync += valid.eq(filled.any())
        with m.If(take & filled.any()):
            m.d.sync += [
                filled.bit_select(pick, 1).eq(0),
                current.eq(Array(row)[pick]),
                current_word.eq(row_word),
                current_base.eq(row_base),
                current_cluster.eq(pick),
            ]

        with m.If(fetching):
            m.d.sync += [fetching.eq(0), held.eq(1)]
        last_part = Signal()
        single = (filled & (filled - 1)) == 0
        m.d.comb += last_part.eq(~filled.any() | (take & single))
        within = self._within(remaining, [len(part) for part in row])
        with m.If(held & last_part):
            for cluster, part in enumerate(row):
                arrived = Signal.like(part, name=f"arrived_{cluster}")
                m.d.comb += arrived.eq(read.data[cluster * size : cluster * size + len(part)] & within[cluster])
                m.d.sync += [part.eq(arrived), filled[cluster].eq(arrived.any())]
            m.d.sync += [
                row_word.eq(word),
                row_base.eq(base),
                word.eq(word + 1),
                base.eq(base + lanes),
                held.eq(0),
                fetching.eq(remaining > lanes),
                remaining.eq(Mux(remaining > lanes, remaining - lanes, 0)),
            ]
        m.d.sync += drained.eq(last_part & ~fetching & ~held)
        with m.If(self.start):
            m.d.sync += [word.eq(self.word), remaining.eq(self.count), base.eq(0)]
            m.d.sync += [fetching.eq(self.count != 0), drained.eq(self.count == 0)]
        return m

    def _within(self, remaining: Signal, lanes: list[int]) -> list[Value]:
        """Which lanes of each cluster the vector still reaches, if it has ``remaining`` elements left."""
        size = self.config.cluster_lanes
        if size & (size - 1):
            return [
                Cat(remaining > cluster * size + lane for lane in range(count)) for cluster, count in enumerate(lanes)
            ]
        # Whole clusters, and the first lanes of the one in which it ends: fewer comparisons than lanes.
        low = size.bit_length() - 1
        few = Cat(*(remaining[:low] > lane for lane in range(size - 1)), C(0, 1))
        ends = [remaining[low:] == cluster for cluster in range(len(lanes))]
        whole = [remaining[low:] > cluster for cluster in range(len(lanes))]
        return [
            whole[cluster].replicate(count) | (few[:count] & ends[cluster].replicate(count))
            for cluster, count in enumerate(lanes)
        ]


def _lowest(bits: Value) -> Value:
    """The number of the lowest bit that is set, if one is: halves are searched at the same time."""
    if len(bits) <= 2:
        return ~bits[0]
    half = 1 << (len(bits) - 1).bit_length() - 1
    low, high = bits[:half], bits[half:]
    return Cat(Mux(low.any(), _lowest(low), _lowest(high)), ~low.any())
