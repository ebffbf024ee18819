"""A cluster of lanes with its slice of the memories: every wire between lanes is short."""

from __future__ import annotations

from amaranth.hdl import Array, Cat, Module, Mux, Signal, Value, signed
from amaranth.lib import data, wiring
from amaranth.lib.memory import Memory
from amaranth.lib.wiring import In, Out

from onward.hw.spec.config import CoreConfig
from onward.hw.spec.formats import ELEMENT

from .branch import Branch
from .carry_chain import add_chosen
from .lane import Lane
from .lane_control import lane_control
from .lane_generator import SeedStep
from .reduce_tree import ReduceTree
from .uop import LANE_STAGE, Uop, WeightRead, Y
from .weight_memory import WeightMemory

__all__ = ["Cluster"]


class Cluster(wiring.Component):
    """``lanes`` lanes, their weight memory, vector registers and the first levels of the reduce tree.

    Throughput one micro-operation a cycle; latencies as in :mod:`.uop`, with ``uop`` in cycle 8.

    Parameters
    ----------
    config : the core.
    first : number of its first lane.
    lanes : how many lanes it has (up to ``config.cluster_lanes``).

    Members
    -------
    ``uop`` : the micro-operation; registered here, so that each cluster has its own branch of the broadcast.
    ``weight_read`` : the row that it multiplies, if any, in the cycle before.
    ``scan_valid``, ``scan_word``, ``scan_lane`` : read one vector element for the broadcast; ``scan_value`` carries
    it 3 cycles later.
    ``sum`` : sum of the lanes' products, ``reduce_latency`` cycles after cycle 12.
    ``nonzero`` : which lanes of a stored word are not zero, cycle 14.
    ``row_saturated``, ``word_saturated`` : any lane of the cluster saturated, cycles 16 and 15.
    ``seed`` : restart of the random generators.
    """

    def __init__(self, config: CoreConfig, first: int, lanes: int) -> None:
        self.config, self.first, self.lanes = config, first, lanes
        self._lanes = [Lane(config, first + index) for index in range(lanes)]
        product_bits = len(self._lanes[0].product)
        self._tree = ReduceTree(lanes, product_bits)
        self._weights = WeightMemory(config, lanes)
        super().__init__(
            {
                "uop": In(Uop(config)),
                "weight_read": In(WeightRead(config)),
                "scan_valid": In(1),
                "scan_word": In(range(config.vectors)),
                "scan_lane": In(range(max(2, config.cluster_lanes))),
                "scan_value": Out(signed(ELEMENT.bits)),
                "sum": Out(signed(len(self._tree.o))),
                "nonzero": Out(lanes),
                "row_saturated": Out(1),
                "word_saturated": Out(1),
                "seed": In(SeedStep),
            }
        )

    @property
    def reduce_latency(self) -> int:
        """Cycles from a product (cycle 12) to its sum."""
        return self._tree.latency

    def elaborate(self, platform: object) -> Module:
        m = Module()
        config, lanes = self.config, self._lanes
        stages = [self.uop]
        for cycle in range(LANE_STAGE, LANE_STAGE + 7):
            stages.append(_delayed(m, stages[-1], cycle))
        _, address, operands, _, product, _, saturate, write = stages
        stages = stages[1:-1]

        m.submodules.weights = weights = self._weights
        m.submodules.first = first_words = _vector_memory(config, len(lanes))
        m.submodules.tree = self._tree

        # Products: a row takes so long to arrive that lanes register it. It is addressed a cycle before the rest.
        reads, row = Signal(), Signal.like(self.weight_read.row, reset_less=True)
        m.d.sync += [reads.eq(self.weight_read.valid), row.eq(self.weight_read.row)]
        # Updates read their row four cycles later than products do: the old row need not be carried along.
        updates = product.valid & product.flags.update
        with m.If(updates):
            m.d.comb += [weights.read.eq(1), weights.read_row.eq(product.row)]
        with m.Else():
            m.d.comb += [weights.read.eq(reads), weights.read_row.eq(row)]
        m.d.comb += [
            weights.write.eq(write.valid & (write.flags.update | write.flags.store_row)),
            weights.write_row.eq(write.row),
            weights.write_data.eq(Cat(lane.row_value for lane in lanes)),
        ]

        # Second factors of each group have a memory of their own, since their address has one.
        starts = range(0, len(lanes), config.group)
        groups = [lanes[start : start + config.group] for start in starts]
        second_words = [_vector_memory(config, len(group)) for group in groups]
        for memory, users in ((first_words, lanes), *zip(second_words, groups, strict=True)):
            port = memory.write_port()
            m.d.comb += [
                port.en.eq(saturate.valid & saturate.flags.store),
                port.addr.eq(saturate.p1),
                port.data.eq(Cat(lane.word_value for lane in users)),
            ]
        # Vector registers made of lookup tables are read in the cycle of their address: the member of a group is chosen
        # and negated in it, too, so that lanes choose among registers. What a block RAM reads comes one cycle later.
        early = config.memory != "spram"
        first_read = first_words.read_port()
        scanning, scan_lane = Signal(), Signal.like(self.scan_lane)
        m.d.sync += [scanning.eq(self.scan_valid), scan_lane.eq(self.scan_lane)]
        m.d.comb += first_read.addr.eq(address.p1)
        first = [_field(first_read.data, index) for index in range(len(lanes))]
        # One member of every group: of LMAC and LUPD, or of a scan, which has the port for itself.
        scan_group = Signal(range(max(2, len(starts))))
        grouped = Signal(reset_less=True)
        every_lane = range(config.cluster_lanes)
        uop, scans, place = (self.uop, self.scan_valid, self.scan_lane) if early else (address, scanning, scan_lane)
        second, members = [], []
        for number, (memory, group) in enumerate(zip(second_words, groups, strict=True)):
            m.submodules[f"second_{number}"] = memory
            m.submodules[f"branch_{number}"] = branch = Branch(
                data.StructLayout({"word": self.scan_word.shape(), "member": self.uop.member.shape()})
            )
            port = memory.read_port(domain="comb" if early else "sync")
            m.d.comb += [
                branch.i.word.eq(Mux(self.scan_valid, self.scan_word, self.uop.p2)),
                branch.i.member.eq(Mux(scans, Array(lane % config.group for lane in every_lane)[place], uop.member)),
                port.addr.eq(branch.o.word),
            ]
            read = [_field(port.data, index) for index in range(len(group))]
            members.append(Array(read)[branch.o.member])
            second += [_registered(m, each) if early else each for each in read]
        scanned = [_registered(m, each) if early else each for each in members]
        m.d.sync += [
            grouped.eq(uop.flags.y == Y.GROUP),
            scan_group.eq(Array(lane // config.group for lane in every_lane)[scan_lane]),
            self.scan_value.eq(Array(scanned)[scan_group]),
        ]

        control = lane_control(m, stages, config)
        # A seed comes from afar, and there is time.
        seed = Signal(SeedStep)
        m.d.sync += seed.eq(self.seed)
        for index, lane in enumerate(lanes):
            m.submodules[f"lane_{index}"] = lane
            group = index - index % config.group
            if index == group:
                operand = address.m if early else operands.m
                choices = Cat(0, operand).as_signed(), Cat(1, ~members[group // config.group]).as_signed()
                common = add_chosen(m, platform, 1, choices, grouped, len(lane.common) + 1)[1:].as_signed()
                if early:
                    common = _registered(m, common)
            own = (address.flags.y == Y.GROUP) & (address.member == lane.index % config.group)
            mine = (address.flags.y == Y.MASKED) & (address.lane == lane.index)
            pick = Signal(2, name=f"pick_{index}", reset_less=True)
            m.d.sync += [
                pick[0].eq((address.flags.y == Y.OPERAND) | mine | ((address.flags.y == Y.GROUP) & ~own)),
                pick[1].eq((address.flags.y == Y.SECOND) | own),
            ]
            weight_bits = config.weight_bits
            m.d.comb += [
                lane.control.eq(control),
                lane.weight.eq(weights.read_data[index * weight_bits : (index + 1) * weight_bits].as_signed()),
                lane.first.eq(first[index]),
                lane.second.eq(second[index]),
                lane.common.eq(common),
                lane.pick.eq(pick),
                lane.seed.eq(seed),
                self._tree.i[index].eq(lane.product),
                self.nonzero[index].eq(lane.word_value != 0),
            ]
        m.d.comb += self.sum.eq(self._tree.o)
        m.d.sync += [
            self.row_saturated.eq(write.valid & Cat(lane.row_saturated for lane in lanes).any()),
            self.word_saturated.eq(
                saturate.valid & saturate.flags.store & Cat(lane.word_saturated for lane in lanes).any()
            ),
        ]
        return m


def _delayed(m: Module, uop: data.View, cycle: int) -> data.View:
    """The micro-operation one cycle later, in ``cycle``.

    Only ``valid`` is reset: a reset is a wire to every register.
    """
    register = Signal(uop.shape(), name=f"register_{cycle}", reset_less=True)
    valid = Signal(name=f"valid_{cycle}")
    later = Signal(uop.shape(), name=f"stage_{cycle}")
    m.d.sync += [register.eq(uop), valid.eq(uop.valid)]
    m.d.comb += [later.eq(register), later.valid.eq(valid)]
    return later


def _registered(m: Module, value: Value) -> Signal:
    """The value in the next cycle."""
    register = Signal.like(value, reset_less=True)
    m.d.sync += register.eq(value)
    return register


def _vector_memory(config: CoreConfig, lanes: int) -> Memory:
    return Memory(shape=lanes * ELEMENT.bits, depth=config.vectors, init=[])


def _field(word: Signal, index: int) -> Signal:
    return word[index * ELEMENT.bits : (index + 1) * ELEMENT.bits].as_signed()
