"""No row of weights is read and written in one cycle: the distances that the sequencer keeps, and that they suffice."""

from amaranth.hdl import Module, Mux, Signal
from amaranth.lib import data, stream, wiring
from amaranth.lib.wiring import In, Out

from onward.hw.core.instruction_kinds import InstructionKinds, Word, program_kinds
from onward.hw.core.uop import Flags, Uop, X
from onward.hw.core.vector_op import HostOp
from onward.hw.spec.config import CoreConfig
from onward.hw.spec.isa import INSTRUCTION_BITS
from onward.sim.formal.bench import Bench, internal
from onward.sim.formal.proof import Method, Proof
from onward.sim.formal.variant import Mutant

__all__ = ["DISTANCES", "SINGLE_PORT", "SUFFICES"]

_SEQUENCER = "onward.hw.core.sequencer"
_BROADCAST = "onward.hw.core.broadcast"
_CLUSTER = "onward.hw.core.cluster"

_READ_AFTER_UPDATE = 8
"""Cycles from the emission of an update to that of a product with weights: read in cycle 8, written in cycle 15."""
_UPDATE_AFTER_UPDATE = 4
"""The same for two updates, which read in cycle 12."""
_VECTOR_AFTER_STORE = 6
"""Vector registers are read in cycle 9, and written in cycle 14."""
_LOAD_AFTER_STORE_ROW = 2
"""Accumulators are cleared at the end of cycle 11, and taken as a row in cycle 13."""
_LONGEST = 8

_Emitted = data.StructLayout({"valid": 1, "flags": Flags})
"""How a record of the broadcast unit begins."""


def _config(memory: str = "bram") -> CoreConfig:
    """As small as a core can be and still have all that the claims speak of."""
    sizes = {"inputs": 2, "hidden": (2,), "classes": 2, "lanes": 2, "group": 1, "rows": 8, "vectors": 2, "elements": 2}
    return CoreConfig(name="formal", program=16, weight_bits=8, operand_bits=16, memory=memory, **sizes)


class _AnyProgram(wiring.Component):
    """Stands for instruction fetch: any instruction in any cycle, or none; one that is there remains until taken.

    What it says of the one behind may be wrong: no claim depends on the scalar that is looked up for it.
    """

    def __init__(self, config: CoreConfig) -> None:
        addresses = range(config.program)
        super().__init__(
            {
                "jump": In(1),
                "target": In(addresses),
                "stop": In(1),
                "o": Out(stream.Signature(INSTRUCTION_BITS)),
                "kinds": Out(InstructionKinds),
                "take": Out(1),
                "coming": Out(INSTRUCTION_BITS),
                "write": In(1),
                "write_address": In(addresses),
                "write_word": In(INSTRUCTION_BITS),
                "valid": In(1),
                "word": In(INSTRUCTION_BITS),
                "behind": In(INSTRUCTION_BITS),
            }
        )

    def elaborate(self, platform: object) -> Module:
        m = Module()
        kept, word = Signal(), Signal(INSTRUCTION_BITS)
        m.d.sync += [
            kept.eq(self.o.valid & ~self.o.ready & ~self.jump & ~self.stop),
            word.eq(self.o.payload),
        ]
        m.d.comb += [self.o.valid.eq(self.valid | kept), self.o.payload.eq(Mux(kept, word, self.word))]
        m.d.comb += [self.take.eq(~self.o.valid | self.o.ready), self.coming.eq(self.behind)]
        program_kinds(m, data.View(Word, self.o.payload), self.kinds)
        return m


def _distances(bench: Bench) -> None:
    for memory in ("bram", "spram"):
        _distances_of(bench, memory)


def _distances_of(bench: Bench, memory: str) -> None:
    """Sequencer and broadcast unit with any program, any host, and units that answer whenever they like."""
    m = bench.m
    config = _config(memory)
    program = _AnyProgram(config)
    m.d.comb += [
        program.valid.eq(bench.free("valid")),
        program.word.eq(bench.free("word", INSTRUCTION_BITS)),
        program.behind.eq(bench.free("behind", INSTRUCTION_BITS)),
    ]
    sequencer = bench.load(_SEQUENCER, Fetch=lambda config: program).Sequencer(config)
    broadcast = bench.load(_BROADCAST).Broadcast(config)
    bench.add(f"sequencer_{memory}", sequencer)
    inside = bench.add(f"broadcast_{memory}", broadcast)
    wiring.connect(m, sequencer.vector, broadcast.i)
    access = bench.free("access", sequencer.access.payload.shape())
    access_valid = bench.free("access_valid")
    bench.assume(access.op.matches(*HostOp))  # the row port knows no others, and does not change its mind
    remains = bench.past(access_valid & ~sequencer.access.ready) & bench.since_start(1)
    bench.assume(~remains | (access_valid & (access.as_value() == bench.past(access.as_value()))))
    start = bench.free("start")
    bench.assume(~(start & sequencer.running))
    m.d.comb += [
        sequencer.start.eq(start),
        sequencer.access.valid.eq(access_valid),
        sequencer.access.payload.eq(access),
        sequencer.scalar.ready.eq(bench.free("scalar_ready")),
        sequencer.scalar_idle.eq(bench.free("scalar_idle")),
        sequencer.scalar_taken.eq(bench.free("scalar_taken")),
        sequencer.scalar_done.eq(bench.free("scalar_done")),
        sequencer.scalar_number.eq(bench.free("scalar_number", 5)),
        sequencer.index_done.eq(bench.free("index_done")),
        sequencer.index_number.eq(bench.free("index_number", 3)),
        sequencer.element_done.eq(bench.free("element_done")),
        sequencer.rows_retired.eq(bench.free("rows_retired")),
        sequencer.broadcast_busy.eq(broadcast.busy),
        sequencer.broadcast_elements.eq(broadcast.element_wanted),
        sequencer.emits_update.eq(broadcast.emits_update),
        sequencer.emits_store.eq(broadcast.emits_store),
        sequencer.emits_second.eq(broadcast.emits_second),
        broadcast.sample_count.eq(bench.free("sample_count", 2)),
        broadcast.mask_write.eq(bench.free("mask_write")),
        broadcast.mask_word.eq(bench.free("mask_word", range(config.vectors))),
        broadcast.mask.eq(bench.free("mask", config.lanes)),
    ]
    emitted = data.View(_Emitted, internal(inside, "cycle_0")[: _Emitted.size])
    flags = emitted.flags
    reads = emitted.valid & (flags.x == X.WEIGHT) & (flags.accumulate | flags.reduce)
    vectors = emitted.valid & (flags.x == X.VECTOR)
    updates = emitted.valid & (flags.update | flags.store_row)

    # Within an instruction updates follow each other without a gap: their rows differ.
    first = Signal()
    with m.If(internal(inside, "begins")[0]):
        m.d.sync += first.eq(1)
    with m.Elif(updates):
        m.d.sync += first.eq(0)

    def since(pulse: Signal, name: str) -> Signal:
        age = Signal(range(_LONGEST + 1), init=_LONGEST, name=f"since_{name}")
        m.d.sync += age.eq(Mux(pulse, 1, Mux(age == _LONGEST, age, age + 1)))
        return age

    loads = emitted.valid & flags.accumulate & flags.init & ~flags.product
    since_row = since(emitted.valid & flags.store_row, "store_row")
    since_update, since_store = since(updates, "update"), since(emitted.valid & flags.store, "store")
    bench.claim(~reads | (since_update >= _READ_AFTER_UPDATE), "weights are read too soon after an update")
    bench.claim(~(updates & first) | (since_update >= _UPDATE_AFTER_UPDATE), "an update too soon after another one")
    bench.claim(~vectors | (since_store >= _VECTOR_AFTER_STORE), "a vector is read too soon after a store")
    bench.claim(~loads | (since_row >= _LOAD_AFTER_STORE_ROW), "a row is cleared before it is stored")
    if memory == "spram":
        meets = emitted.valid & flags.update & bench.past(updates, 3)
        bench.claim(~meets, "an update would read in the cycle in which another one writes")


def _suffices_of(bench: Bench, memory: str) -> None:
    """A cluster that gets micro-operations at these distances: the assertion in its weight memory never fails."""
    m = bench.m
    config = _config(memory)
    cluster = bench.load(_CLUSTER).Cluster(config, 0, 1)
    bench.add("cluster", cluster)
    uop = bench.free("uop", Uop(config))
    reads = uop.valid & (uop.flags.accumulate | uop.flags.reduce) & (uop.flags.x == X.WEIGHT)
    m.d.comb += [cluster.weight_read.valid.eq(reads), cluster.weight_read.row.eq(uop.row)]
    m.d.sync += cluster.uop.eq(uop)
    bench.assume(uop.row < config.rows)
    writes = uop.valid & (uop.flags.update | uop.flags.store_row)
    bench.assume(~(reads & writes))
    for distance in range(1, _READ_AFTER_UPDATE):
        bench.assume(~(reads & bench.past(writes, distance)))
    updates = uop.valid & uop.flags.update
    for distance in range(1, _UPDATE_AFTER_UPDATE):
        same = uop.row == bench.past(uop.row, distance)
        # Updates of one instruction may be closer: their rows differ.
        bench.assume(~(updates & bench.past(writes, distance) & same))
    if memory == "spram":
        bench.assume(~(updates & bench.past(writes, 3)))


def _suffices(bench: Bench) -> None:
    _suffices_of(bench, "bram")


def _single_port(bench: Bench) -> None:
    _suffices_of(bench, "spram")


_DISTANCE_MUTANTS = (
    Mutant(
        "products one cycle too soon",
        _SEQUENCER,
        'within("update", WEIGHT_AFTER_UPDATE)',
        'within("update", WEIGHT_AFTER_UPDATE - 1)',
    ),
    Mutant(
        "updates one cycle too soon",
        _SEQUENCER,
        'within("update", UPDATE_AFTER_UPDATE)',
        'within("update", UPDATE_AFTER_UPDATE - 1)',
    ),
    Mutant(
        "vectors one cycle too soon",
        _SEQUENCER,
        'within("store", VECTOR_AFTER_STORE)',
        'within("store", VECTOR_AFTER_STORE - 1)',
    ),
    Mutant(
        "rows loaded one cycle too soon",
        _SEQUENCER,
        'within("update", LOAD_AFTER_STORE_ROW)',
        '(since["update"] < LOAD_AFTER_STORE_ROW)',
    ),
    Mutant("the host does not wait", _SEQUENCER, "self.access.valid & ~hazard &", "self.access.valid &"),
    Mutant("updates in every cycle of a single port", _BROADCAST, "pause.eq(phase & flags.update)", "pause.eq(0)"),
    Mutant(
        "the host's rows do not count",
        _BROADCAST,
        "active & (flags.update | flags.store_row)",
        "active & flags.update",
    ),
)

DISTANCES = Proof(
    name="distances",
    claim="whatever the program and the host do, products and updates keep their distance from updates, and readers of"
    " vector registers from stores, with either form of memory",
    build=_distances,
    method=Method("reachability"),
    free_products=True,
    mutants=_DISTANCE_MUTANTS,
)

SUFFICES = Proof(
    name="weight-rows",
    claim="at these distances no row of weights is read and written in one cycle",
    build=_suffices,
    method=Method("reachability"),
    free_products=True,
    mutants=(
        Mutant(
            "rows are written one cycle later",
            _CLUSTER,
            "stages = stages[1:-1]",
            "stages, write = stages[1:-1], _delayed(m, write, LANE_STAGE + 7)",
        ),
        Mutant(
            "updates read one cycle earlier",
            _CLUSTER,
            "address, operands, _, product, _, saturate, write = stages",
            "address, operands, product, _, _, saturate, write = stages",
        ),
    ),
)

SINGLE_PORT = Proof(
    name="single-port",
    claim="in a memory with a single port, no cycle holds a read and a write at all if no update is emitted three"
    " cycles after another",
    build=_single_port,
    method=Method("reachability"),
    free_products=True,
    mutants=(
        Mutant(
            "updates read one cycle later",
            _CLUSTER,
            "address, operands, _, product, _, saturate, write = stages",
            "address, operands, _, _, product, saturate, write = stages",
        ),
    ),
)
