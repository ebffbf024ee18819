"""The scalar unit against the golden functions: random programs with random stalls, documented latencies, limits."""

from __future__ import annotations

import random
from collections.abc import Callable
from dataclasses import dataclass, field

import pytest
from amaranth.back import verilog
from amaranth.hdl import Elaboratable, Module, signed
from amaranth.lib import memory
from amaranth.sim import Simulator

from onward.hw.core.scalar_queue import TAKE
from onward.hw.core.scalar_unit import ScalarUnit
from onward.hw.spec.formats import pack_scalar, scalar_from_float
from onward.hw.spec.isa import Op
from onward.hw.spec.presets import PRESETS
from onward.hw.spec.tables import generator_constant
from onward.sw.golden import scalar

CONFIG = PRESETS["tiny"]
ELEMENTS = 64
NORM = 6_543_210
SEED = 77
HEAD = 2
"""Cycles from the transfer of an entry to its arrival at the head of an empty queue."""


@dataclass
class Entry:
    """A queue entry; fields an operation does not use hold noise."""

    op: int
    s: int = 0
    p1: int = 0
    d: int = 0
    e: int = 0
    n: int = 0
    imm: int = 0
    index: int = 0
    exclude: int = 0


@dataclass
class Model:
    """What the entries mean."""

    registers: list[int] = field(default_factory=lambda: [0] * 32)
    elements: list[int] = field(default_factory=lambda: [0] * ELEMENTS)
    state: int = (generator_constant(CONFIG.lanes + 1) ^ SEED) | 1
    reduced: list[int] = field(default_factory=list)
    results: list[int] = field(default_factory=list)
    scalars: list[tuple[int, int]] = field(default_factory=list)
    indices: list[tuple[int, int, int]] = field(default_factory=list)
    element_done: int = 0
    saturations: int = 0

    def run(self, entry: Entry) -> None:
        """Execute one entry."""
        a, b = self.registers[entry.s], self.registers[entry.p1]
        span = slice(entry.e, entry.e + entry.n)
        low = entry.imm & 0xFFFF
        functions: dict[int, Callable[[], int]] = {
            TAKE: lambda: self.reduced.pop(0),
            Op.LDI: lambda: entry.imm,
            Op.MUL: lambda: scalar.mul(a, b),
            Op.ADD: lambda: scalar.add(a, b),
            Op.SUB: lambda: scalar.sub(a, b),
            Op.RSQ: lambda: scalar.rsqrt(a),
            Op.SIG: lambda: scalar.sigmoid(a),
            Op.EXP: lambda: scalar.exp(a),
            Op.REC: lambda: scalar.reciprocal(a),
            Op.XN: lambda: scalar.from_int(NORM, 16),
            Op.LDE: lambda: scalar.from_int(self.elements[entry.e], 11),
        }
        if entry.op in functions:
            self.registers[entry.d] = functions[entry.op]()
            self.scalars.append((entry.d, self.registers[entry.d]))
        elif entry.op == Op.SMAX:
            self.elements[span] = scalar.softmax(self.elements[span])
        elif entry.op == Op.EADD:
            self._store(entry.e, scalar.element_add(self.elements[entry.e], low - ((low >> 15) << 16)))
        elif entry.op == Op.STE:
            self._store(entry.e, scalar.to_fixed(a, 11, 16))
        elif entry.op == Op.DRAW:
            self.state = scalar.xorshift32(self.state)
            exclude = entry.index if entry.exclude else None
            self.indices.append((entry.d, scalar.draw(self.elements[span], low, exclude, self.state >> 16), 1))
        elif entry.op == Op.AMAX:
            self.indices.append((entry.d, scalar.argmax(self.elements[span]), 1))
        elif entry.op == Op.BEST:
            better = scalar.greater(a, b)
            if better:
                self.registers[entry.p1] = a
            self.scalars.append((entry.p1, self.registers[entry.p1]))
            self.indices.append((entry.d, entry.index, int(better)))
        elif entry.op == Op.OUTS:
            self.results.append(a)
        elif entry.op == Op.OUTI:
            self.results.append(entry.index)
        elif entry.op == Op.OUTE:
            self.results += [element & 0xFFFFFFFF for element in self.elements[span]]
        self.element_done += entry.op in (Op.SMAX, Op.EADD, Op.STE, Op.DRAW, Op.AMAX, Op.LDE, Op.OUTE)

    def _store(self, address: int, stored: tuple[int, bool]) -> None:
        self.elements[address], saturated = stored
        self.saturations += saturated


class Bench(Elaboratable):
    """The unit with an element memory, and everything it reported."""

    def __init__(self, elements: list[int], multiply_cycles: int = 1) -> None:
        self.unit = ScalarUnit(CONFIG, multiply_cycles=multiply_cycles)
        self.elements = memory.Memory(shape=signed(16), depth=ELEMENTS, init=elements)
        self.results: list[int] = []
        self.scalars: list[tuple[int, int]] = []
        self.indices: list[tuple[int, int, int]] = []
        self.element_done = 0
        self.saturations = 0
        self.taken_at: list[int] = [-1]
        self.done_at: list[int] = []
        self.result_at: list[int] = []
        self.touched_under_hold = False
        self.registers: list[int] = []
        self.final_elements: list[int] = []

    def elaborate(self, platform: object) -> Module:
        m = Module()
        m.submodules.unit = unit = self.unit
        m.submodules.elements = self.elements
        read, write = self.elements.read_port(), self.elements.write_port()
        m.d.comb += [
            read.addr.eq(unit.element_read_address),
            write.addr.eq(unit.element_write_address),
            write.data.eq(unit.element_data),
            write.en.eq(unit.element_write),
            unit.element_read.eq(read.data),
        ]
        return m

    def run(self, entries: list[Entry], reduced: list[int], stall: float = 0.0, hold: range = range(0)) -> Bench:
        """Send entries and reduced scalars, each stream pausing in a share ``stall`` of the cycles, until idle."""

        async def testbench(ctx) -> None:
            unit = self.unit
            rng = random.Random(len(entries))
            queued, popped = list(entries), list(reduced)
            offered = popping = False
            written, reading = None, None
            ctx.set(unit.sample_norm, NORM)
            ctx.set(unit.seed, {"valid": 1, "value": SEED})
            await ctx.tick()
            ctx.set(unit.seed, {"valid": 0, "value": 0})
            for cycle in range(200 * len(entries) + 1000):
                if queued and not offered and rng.random() >= stall:
                    ctx.set(unit.i.payload, vars(queued[0]))
                    offered = True
                if popped and not popping and rng.random() >= stall:
                    ctx.set(unit.reduced.payload, popped[0])
                    popping = True
                ctx.set(unit.i.valid, offered)
                ctx.set(unit.reduced.valid, popping)
                ctx.set(unit.result.ready, rng.random() >= stall)
                held = cycle in hold or rng.random() < stall / 2
                ctx.set(unit.element_hold, held)
                ctx.set(unit.read_address, written if written is not None else rng.randrange(32))

                if offered and ctx.get(unit.i.ready):
                    self.taken_at.append(cycle)
                    queued.pop(0)
                    offered = False
                if popping and ctx.get(unit.reduced.ready):
                    popped.pop(0)
                    popping = False
                if ctx.get(unit.result.valid) and ctx.get(unit.result.ready):
                    self.results.append(ctx.get(unit.result.payload))
                    self.result_at.append(cycle)
                if reading is not None:
                    self.scalars.append((reading, ctx.get(unit.read_data)))
                reading, written = written, None
                scalar_done, index_done = ctx.get(unit.scalar_done), ctx.get(unit.index_done)
                if scalar_done.valid:
                    written = scalar_done.number
                if index_done.valid:
                    self.indices.append((index_done.number, index_done.value, index_done.write))
                element_done = ctx.get(unit.element_done)
                self.element_done += element_done
                self.saturations += ctx.get(unit.element_saturation)
                self.touched_under_hold |= cycle in hold and bool(ctx.get(unit.element_write) or element_done)
                if scalar_done.valid or index_done.valid or element_done:
                    self.done_at.append(cycle)
                settled = reading is None and written is None and cycle > self.taken_at[-1]
                finished = not queued and settled and ctx.get(unit.idle)
                await ctx.tick()
                if finished:
                    break
            else:
                raise AssertionError(f"not idle in time: {len(queued)} entries left")
            for number in range(32):
                ctx.set(unit.read_address, number)
                await ctx.tick()
                self.registers.append(ctx.get(unit.read_data))
            self.final_elements = [ctx.get(self.elements.data[address]) for address in range(ELEMENTS)]

        simulator = Simulator(self)
        simulator.add_clock(1e-6)
        simulator.add_testbench(testbench)
        simulator.run()
        return self


def check(
    entries: list[Entry], reduced: list[int], elements: list[int], multiply_cycles: int = 1, **how: float
) -> tuple[Model, Bench]:
    """Run both and compare everything that can be seen."""
    model = Model(elements=list(elements), reduced=list(reduced))
    for entry in entries:
        model.run(entry)
    bench = Bench(elements, multiply_cycles).run(entries, reduced, **how)
    assert bench.scalars == model.scalars
    assert bench.indices == model.indices
    assert bench.results == model.results
    assert bench.registers == model.registers
    assert bench.final_elements == model.elements
    assert (bench.element_done, bench.saturations) == (model.element_done, model.saturations)
    return model, bench


def noise(rng: random.Random, op: int) -> Entry:
    """An entry with random fields that are allowed for any operation."""
    n = rng.choice([1, 1, 2, 3, 10, rng.randrange(1, 14)])
    return Entry(
        op=int(op),
        s=rng.randrange(32),
        p1=rng.randrange(32),
        d=rng.randrange(8) if op in (Op.DRAW, Op.AMAX, Op.BEST) else rng.randrange(32),
        e=rng.randrange(ELEMENTS - n + 1),
        n=n,
        imm=rng.randrange(1 << 25),
        index=rng.choice([rng.randrange(1 << 20), rng.randrange(n)]),
        exclude=rng.randrange(2),
    )


def some_scalar(rng: random.Random) -> int:
    """A scalar: mostly of everyday size, now and then anything."""
    kind = rng.random()
    if kind < 0.1:
        return 0
    if kind < 0.2:
        return pack_scalar(rng.randrange(2), rng.randrange(-128, 128), rng.randrange(1 << 15, 1 << 16))
    if kind < 0.3:
        return scalar_from_float(rng.choice([1.0, -1.0, 2.0, -0.5, 15.99, -16.0]))
    return scalar_from_float(rng.choice([-1, 1]) * 2.0 ** rng.uniform(-12, 7))


def some_elements(rng: random.Random) -> list[int]:
    """Elements of every size."""
    return [
        rng.choice([rng.randrange(-32768, 32768), rng.randrange(-3000, 3000), rng.randrange(-4, 4), 32767, -32768])
        for _ in range(ELEMENTS)
    ]


# values ---------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(("seed", "stall", "multiply_cycles"), [(1, 0.0, 1), (3, 0.3, 1), (4, 0.1, 8), (5, 0.1, 2)])
def test_random_programs(seed: int, stall: float, multiply_cycles: int) -> None:
    rng = random.Random(seed)
    operations = [op for op in Op if op.is_scalar] + [TAKE] * 2 + [Op.LDI] * 6
    entries = []
    for _ in range(1500 if multiply_cycles == 1 else 400):
        entry = noise(rng, rng.choice(operations))
        if entry.op == Op.LDI:
            entry.imm = some_scalar(rng)
        if entries and rng.random() < 0.4:
            entry.s = entries[-1].d  # the result of the entry before
        if entry.op == Op.EADD:
            entry.imm = rng.choice([entry.imm, rng.randrange(1000), (1 << 16) - rng.randrange(1000)])
        entries.append(entry)
    takes = sum(entry.op == TAKE for entry in entries)
    popped = [some_scalar(rng) for _ in range(takes)]
    model, _ = check(entries, popped, some_elements(rng), multiply_cycles, stall=stall)
    assert len({code for _, code in model.scalars}) > 100
    assert model.saturations > 1


def arithmetic(op: Op, pairs: list[tuple[int, int]]) -> None:
    """Check one operation on many operands."""
    entries = []
    for a, b in pairs:
        entries += [Entry(Op.LDI, d=1, imm=a), Entry(Op.LDI, d=2, imm=b), Entry(op, s=1, p1=2, d=3)]
    check(entries, [], [0] * ELEMENTS)


@pytest.mark.parametrize("op", [Op.MUL, Op.ADD, Op.SUB, Op.BEST])
def test_two_operands(op: Op) -> None:
    rng = random.Random(int(op))
    largest, smallest, one, minus = scalar.LARGEST, pack_scalar(0, -128, 1 << 15), scalar.ONE, 1 << 24
    special = [0, one, one | minus, largest, largest | minus, smallest, smallest | minus, one + 1]
    pairs = [(a, b) for a in special for b in special]
    for _ in range(150):
        exponent = rng.randrange(-100, 100)
        pairs.append(
            tuple(
                pack_scalar(rng.randrange(2), exponent + rng.choice([0, 0, 1, -1, 3, 17, 19]), magnitude)
                for magnitude in (rng.randrange(1 << 15, 1 << 16), rng.choice([1 << 15, 40000, 65535]))
            )
        )
    pairs += [(a, a ^ difference) for a in (one, largest, smallest) for difference in (1, 2, 0x4000, minus | 1)]
    arithmetic(op, pairs)


@pytest.mark.parametrize("op", [Op.RSQ, Op.REC, Op.EXP, Op.SIG, Op.STE])
def test_one_operand(op: Op) -> None:
    rng = random.Random(int(op))
    operands = [0, scalar.ONE, scalar.LARGEST, pack_scalar(0, -128, 1 << 15), pack_scalar(0, -9, 1 << 15)]
    operands += [scalar_from_float(number) for number in (88.72, 88.73, 2.0**-12, 3 * 2.0**-12, 15.99976, 16.0, 0.5)]
    operands += [pack_scalar(0, exponent, rng.randrange(1 << 15, 1 << 16)) for exponent in range(-30, 4)]
    operands += [some_scalar(rng) for _ in range(100)]
    operands += [code ^ (1 << 24) for code in operands if code]
    arithmetic(op, [(code, code) for code in operands])


def test_softmax_of_many_and_of_equal_ones() -> None:
    rng = random.Random(4)
    elements = [rng.randrange(-32768, 32768) for _ in range(ELEMENTS)]
    check([Entry(Op.SMAX, e=0, n=ELEMENTS), Entry(Op.SMAX, e=0, n=ELEMENTS)], [], elements)
    check([Entry(Op.SMAX, e=3, n=1), Entry(Op.SMAX, e=10, n=50)], [], [32767] * ELEMENTS)


def test_draws_follow_the_generator() -> None:
    rng = random.Random(6)
    elements = [max(0, rng.randrange(-2000, 2000)) for _ in range(ELEMENTS)]
    entries = [Entry(Op.DRAW, d=3, e=5, n=10, imm=20, index=4, exclude=1) for _ in range(60)]
    entries += [Entry(Op.DRAW, d=1, e=60, n=4, imm=900, index=4097, exclude=1) for _ in range(20)]  # none excluded
    entries += [Entry(Op.DRAW, d=2, n=40, imm=65535)]  # weights beyond the largest sum
    model, _ = check(entries, [], elements)
    drawn = [value for number, value, _ in model.indices if number == 3]
    assert 4 not in drawn
    assert len(set(drawn)) > 5


def test_draw_of_nothing_gives_the_last() -> None:
    model, _ = check([Entry(Op.DRAW, d=3, e=5, n=10)], [], [-1] * ELEMENTS)
    assert model.indices == [(3, 9, 1)]


def test_elements_are_left_alone_while_held() -> None:
    entries = [Entry(Op.LDI, d=1, imm=scalar.ONE), Entry(Op.STE, s=1, e=7), Entry(Op.LDE, d=2, e=7)]
    _, bench = check(entries, [], [0] * ELEMENTS, hold=range(60))
    assert not bench.touched_under_hold
    assert [cycle >= 60 for cycle in bench.done_at] == [False, True, True]


def test_unknown_operation_does_not_stop_it() -> None:
    check([Entry(51), Entry(52), Entry(Op.LDI, d=1, imm=scalar.ONE)], [], [0] * ELEMENTS)


# time -----------------------------------------------------------------------------------------------------------

LATENCIES = {
    Op.LDI: 1,
    Op.BEST: 4,
    Op.XN: 4,
    Op.EADD: 5,
    Op.MUL: 4,
    Op.STE: 4,
    Op.ADD: 5,
    Op.SUB: 7,
    Op.RSQ: 5,
    Op.REC: 5,
    Op.LDE: 8,
    Op.EXP: 9,
    Op.SIG: 18,
    Op.AMAX: 15,
    Op.SMAX: 73,
    Op.OUTE: 12,
}
"""Of ten elements, and of an ADD of two positive numbers."""


@pytest.mark.parametrize(("op", "latency"), LATENCIES.items())
def test_latency(op: Op, latency: int) -> None:
    setup = [Entry(Op.LDI, d=1, imm=scalar.ONE), Entry(Op.LDI, d=2, imm=scalar_from_float(3.5))]
    entry = Entry(op, s=2, p1=1, d=3, e=2, n=10)
    bench = Bench([5 * value for value in range(ELEMENTS)]).run([*setup, entry, entry], [])
    first, second = bench.done_at[-2:]
    assert second - first == latency  # in a sequence
    bench = Bench([5] * ELEMENTS).run([entry], [])
    assert bench.done_at == [bench.taken_at[-1] + HEAD + latency]  # alone


def test_latency_of_draw_take_and_results() -> None:
    for index in (0, 4, 9):
        weights = [0] * ELEMENTS
        weights[index] = 100
        bench = Bench(weights).run([Entry(Op.DRAW, d=3, n=10)], [])
        assert bench.done_at == [bench.taken_at[-1] + HEAD + 10 + 10 + index]
    bench = Bench([0] * ELEMENTS).run([Entry(TAKE, d=1)], [scalar.ONE])
    assert bench.done_at == [bench.taken_at[-1] + HEAD + 1]
    bench = Bench([0] * ELEMENTS).run([Entry(Op.OUTS)], [])
    assert bench.result_at == [bench.taken_at[-1] + HEAD + 3]
    bench = Bench([0] * ELEMENTS).run([Entry(Op.OUTE, n=10)], [])
    assert bench.result_at == [bench.taken_at[-1] + HEAD + 4 + position for position in range(10)]


def test_latency_with_a_slow_multiplier() -> None:
    for op, multiplications in ((Op.MUL, 1), (Op.REC, 1), (Op.EXP, 2), (Op.SIG, 3)):
        bench = Bench([5] * ELEMENTS, 8).run([Entry(op)], [])
        assert bench.done_at == [bench.taken_at[-1] + HEAD + LATENCIES[op] + 7 * multiplications]
    for n, cycles in ((10, 8), (4, 2)):
        bench = Bench([5] * ELEMENTS, cycles).run([Entry(Op.SMAX, n=n)], [])
        assert bench.done_at == [bench.taken_at[-1] + HEAD + n * (16 + 3 * cycles) + cycles + 8]


def test_converts_to_verilog() -> None:
    assert "module" in verilog.convert(ScalarUnit(CONFIG))
