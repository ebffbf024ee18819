"""The sequencer alone: order of issue, pipeline distances, registers that are on their way, loops, and the end."""

from typing import Any

import pytest
from amaranth.sim import Simulator

from onward.hw.core import uop
from onward.hw.core.scalar_unit import TAKE
from onward.hw.core.sequencer import Sequencer
from onward.hw.core.vector_op import HostOp
from onward.hw.spec.isa import Instruction, Op, Source
from onward.hw.spec.presets import PRESETS

CONFIG = PRESETS["tiny"]
ST = Instruction(Op.ST, p1=3)
UPD = Instruction(Op.UPD, source=Source.CONST, n=1, row=7)
DOT = Instruction(Op.DOT, d=1, p1=0, p2=1, tiles=1)
MAC = Instruction(Op.MAC, source=Source.CONST, n=1, row=7)
SCAN = Instruction(Op.MAC, source=Source.VECTOR, n=4)
RED = Instruction(Op.RED, d=2, p1=3, tiles=1)
END = Instruction(Op.END)


class Bench:
    """A sequencer whose units are always ready; records (cycle, unit, op) of everything it issues."""

    def __init__(self, program: list[Instruction]) -> None:
        self.dut = Sequencer(CONFIG)
        self.program = program
        self.issued: list[tuple[int, str, int]] = []
        self.cycle = 0

    async def start(self, ctx: Any) -> None:
        dut = self.dut
        ctx.set(dut.vector.ready, 1)
        ctx.set(dut.scalar.ready, 1)
        ctx.set(dut.tag.ready, 1)
        ctx.set(dut.scalar_idle, 1)
        for address, instruction in enumerate(self.program):
            ctx.set(dut.program_write, 1)
            ctx.set(dut.program_address, address)
            ctx.set(dut.program_word, instruction.encode())
            await ctx.tick()
        ctx.set(dut.program_write, 0)
        # Far enough from whatever the units did before.
        await ctx.tick().repeat(32)
        ctx.set(dut.start, 1)
        await ctx.tick()
        ctx.set(dut.start, 0)

    async def step(self, ctx: Any, count: int = 1) -> None:
        dut = self.dut
        for _ in range(count):
            if ctx.get(dut.running) and ctx.get(dut.vector.valid):
                self.issued.append((self.cycle, "vector", ctx.get(dut.vector.payload.op)))
            if ctx.get(dut.scalar.valid):
                self.issued.append((self.cycle, "scalar", ctx.get(dut.scalar.payload.op)))
            await ctx.tick()
            self.cycle += 1

    def ops(self) -> list[tuple[str, int]]:
        return [(unit, op) for _, unit, op in self.issued]


def run(bench: Bench, test: Any) -> None:
    simulator = Simulator(bench.dut)
    simulator.add_clock(1e-6)
    simulator.add_testbench(test)
    simulator.run()


@pytest.mark.parametrize(
    ("first", "pulse", "second", "distance"),
    [
        (ST, "emits_store", RED, uop.VECTOR_AFTER_STORE),
        (ST, "emits_store", SCAN, uop.SCAN_AFTER_STORE),
        (ST, "emits_store", MAC, 0),
        (UPD, "emits_update", MAC, uop.WEIGHT_AFTER_UPDATE),
        (UPD, "emits_update", UPD, uop.UPDATE_AFTER_UPDATE),
        (UPD, "emits_update", RED, 0),
        (DOT, "emits_second", SCAN, uop.SCAN_AFTER_SECOND),
        (DOT, "emits_second", RED, 0),
    ],
)
def test_distances(first: Instruction, pulse: str, second: Instruction, distance: int) -> None:
    bench = Bench([first, second, END])

    async def test(ctx: Any) -> None:
        await bench.start(ctx)
        while not bench.issued:
            await bench.step(ctx)
        # The first micro-operation is emitted in the cycle after the issue.
        ctx.set(getattr(bench.dut, pulse), 1)
        emission = bench.cycle
        await bench.step(ctx)
        ctx.set(getattr(bench.dut, pulse), 0)
        await bench.step(ctx, 30)
        issue = [cycle for cycle, unit, _ in bench.issued if unit == "vector"][1]
        assert issue == emission + max(1, distance)

    run(bench, test)


def test_rows_of_the_host_are_stored_before_the_next_is_loaded() -> None:
    bench = Bench([])
    dut = bench.dut

    async def test(ctx: Any) -> None:
        await ctx.tick().repeat(32)
        ctx.set(dut.vector.ready, 1)
        ctx.set(dut.access.payload.op, HostOp.LOAD_LANE)
        ctx.set(dut.access.valid, 1)
        await ctx.tick()
        assert ctx.get(dut.access.ready)
        # STORE_ROW has been issued, and is emitted now.
        ctx.set(dut.emits_update, 1)
        for _ in range(4):
            await ctx.tick()
            assert not ctx.get(dut.access.ready)
        ctx.set(dut.emits_update, 0)
        distance = 1
        while not ctx.get(dut.access.ready):
            await ctx.tick()
            distance += 1
        assert uop.LOAD_AFTER_STORE_ROW <= distance <= 2

    run(bench, test)


def test_waits_for_the_youngest_result() -> None:
    load = Instruction(Op.LDI, d=5, imm=1)
    product = Instruction(Op.MUL, d=5, s=5, p1=5)
    bench = Bench([load, product, Instruction(Op.MACV, s=5), END])

    async def test(ctx: Any) -> None:
        await bench.start(ctx)
        await bench.step(ctx, 20)
        assert bench.ops() == [("scalar", Op.LDI), ("scalar", Op.MUL)]
        for expected in (2, 3):
            ctx.set(bench.dut.scalar_done, 1)
            ctx.set(bench.dut.scalar_number, 5)
            await bench.step(ctx)
            ctx.set(bench.dut.scalar_done, 0)
            await bench.step(ctx, 5)
            assert len(bench.issued) == expected
        assert bench.ops()[-1] == ("vector", Op.MACV)

    run(bench, test)


def test_elements_belong_to_one_unit_at_a_time() -> None:
    rows = Instruction(Op.ROWS, init=1, n=2, tiles=1)
    softmax = Instruction(Op.SMAX, n=2)
    scatter = Instruction(Op.SCAT, n=2)
    bench = Bench([rows, softmax, rows, scatter, END])

    async def test(ctx: Any) -> None:
        dut = bench.dut
        await bench.start(ctx)
        await bench.step(ctx, 10)
        assert bench.ops() == [("vector", Op.ROWS), ("scalar", Op.SMAX)]
        assert ctx.get(dut.elements_held)  # the softmax waits in the scalar unit
        for pulse, held, ops in (
            ("rows_retired", 0, 2),
            ("element_done", 1, 3),
            ("rows_retired", 0, 4),
        ):
            ctx.set(getattr(dut, pulse), 1)
            await bench.step(ctx)
            ctx.set(getattr(dut, pulse), 0)
            await bench.step(ctx, 5)
            assert len(bench.issued) == ops
            assert ctx.get(dut.elements_held) == held
        assert bench.ops()[2:] == [("vector", Op.ROWS), ("vector", Op.SCAT)]

    run(bench, test)


def test_rows_wait_for_lanes_that_listen() -> None:
    """A ROWS has the element memory's port from its issue, and may be accepted while another instruction uses it."""
    bench = Bench([Instruction(Op.ROWS, init=1, n=2, tiles=1), MAC, END])

    async def test(ctx: Any) -> None:
        ctx.set(bench.dut.broadcast_elements, 1)
        await bench.start(ctx)
        await bench.step(ctx, 10)
        assert not bench.issued
        ctx.set(bench.dut.broadcast_elements, 0)
        await bench.step(ctx, 10)
        assert bench.ops() == [("vector", Op.ROWS), ("vector", Op.MAC)]

    run(bench, test)


def test_sum_becomes_a_take() -> None:
    bench = Bench([RED, END])

    async def test(ctx: Any) -> None:
        await bench.start(ctx)
        ctx.set(bench.dut.scalar.ready, 0)
        await bench.step(ctx, 10)
        assert not [unit for unit, _ in bench.ops() if unit == "vector"]  # both units or none
        bench.issued.clear()
        ctx.set(bench.dut.scalar.ready, 1)
        await bench.step(ctx, 10)
        assert bench.ops() == [("vector", Op.RED), ("scalar", TAKE)]

    run(bench, test)


def test_loops_indexes_and_end() -> None:
    program = [
        Instruction(Op.LAB, d=2),
        Instruction(Op.SETI, d=1, imm=3),
        Instruction(Op.ADDI, d=3, ri=1, imm=(1 << 20) - 1),
        Instruction(Op.MAC, source=Source.CONST, n=1, row=10, ri=1, p2=1, p2i=2),
        Instruction(Op.LOOP, d=1, imm=2),
        Instruction(Op.SETI, d=0, imm=9),
        Instruction(Op.ST, p1=4, p1i=3),
        END,
    ]
    bench = Bench(program)
    rows: list[tuple[int, int, int]] = []

    async def watch(ctx: Any) -> None:
        dut = bench.dut
        while True:
            if ctx.get(dut.running) and ctx.get(dut.vector.valid):
                vector = dut.vector.payload
                rows.append((ctx.get(vector.row), ctx.get(vector.p2), ctx.get(vector.p1)))
            await ctx.tick()

    async def test(ctx: Any) -> None:
        dut = bench.dut
        ctx.set(dut.label, 2)
        ctx.set(dut.broadcast_busy, 1)
        await bench.start(ctx)
        await bench.step(ctx, 40)
        assert ctx.get(dut.running)
        assert not ctx.get(dut.ended)
        ctx.set(dut.broadcast_busy, 0)
        await ctx.tick()
        assert ctx.get(dut.ended)
        await bench.step(ctx, 3)
        assert not ctx.get(dut.running)
        # Rows by the counting index; the last word by I3, which is one less than I1 was; I0 stays 0.
        assert rows[:3] == [(13, 3, 0), (12, 3, 0), (11, 3, 0)]
        assert rows[3] == (0, 0, 4)

    simulator = Simulator(bench.dut)
    simulator.add_clock(1e-6)
    simulator.add_testbench(test)
    simulator.add_testbench(watch, background=True)
    simulator.run()
