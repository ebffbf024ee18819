"""The broadcast unit: which micro-operations it makes of an instruction, when, and with which operands."""

import itertools
from dataclasses import replace
from typing import Any

import pytest
from amaranth.sim import Simulator

from onward.hw.core.broadcast import Broadcast
from onward.hw.core.uop import OPERAND_STAGE
from onward.hw.core.vector_op import HostOp
from onward.hw.spec.config import CoreConfig
from onward.hw.spec.formats import scalar_from_float
from onward.hw.spec.isa import Op, Source
from onward.hw.spec.presets import PRESETS

TINY = PRESETS["tiny"]
ONE = scalar_from_float(1.0)


class Bench:
    """A broadcast unit with a sample, elements and vector registers around it; records its micro-operations."""

    def __init__(self, config: CoreConfig = TINY) -> None:
        self.config = config
        self.dut = Broadcast(config)
        self.sample = [(1, 10), (4, 255), (19, 7)]
        self.elements = [0, 2048, -5, 0, 100, 0]
        self.vectors = {2: [0, 5, -6, 0], 3: [7, 0, 0, 8]}
        self.seen: list[tuple[int, int, int, int]] = []
        self.cycle = 0
        self.accepted = 0

    async def memories(self, ctx: Any) -> None:
        """Sample and element memory: data one cycle after the address; vector elements three after the request."""
        dut = self.dut
        scanned = [0, 0, 0]
        while True:
            address, element = ctx.get(dut.sample_address), ctx.get(dut.element_address)
            word, lane = ctx.get(dut.scan_word), ctx.get(dut.scan_lane)
            if ctx.get(dut.uop.valid):
                uop = dut.uop
                work = ctx.get(uop.flags.product)
                self.seen.append((self.cycle, ctx.get(uop.row), ctx.get(uop.m), work))
            await ctx.tick()
            self.cycle += 1
            scanned = [self.vectors.get(word, [0] * 4)[lane], *scanned[:2]]
            index, value = self.sample[address] if address < len(self.sample) else (0, 0)
            ctx.set(dut.sample_data, {"index": index, "value": value})
            ctx.set(dut.element_data, self.elements[element] if element < len(self.elements) else 0)
            ctx.set(dut.scan_values[0], scanned[2])

    async def issue(self, ctx: Any, **fields: int) -> None:
        dut = self.dut
        ctx.set(dut.sample_count, len(self.sample))
        ctx.set(dut.i.payload, {"tiles": 1, **fields})
        ctx.set(dut.i.valid, 1)
        await ctx.tick().until(dut.i.ready)
        self.accepted = self.cycle - 1
        ctx.set(dut.i.valid, 0)
        ctx.set(dut.scale, ONE)

    def run(self, test: Any, *watchers: Any) -> None:
        simulator = Simulator(self.dut)
        simulator.add_clock(1e-6)
        for watcher in (self.memories, *watchers):
            simulator.add_testbench(watcher, background=True)
        simulator.add_testbench(test)
        simulator.run()


def operand(x: int) -> int:
    """An element as an operand: 3 more fraction bits."""
    return x << 3


@pytest.mark.parametrize(
    ("fields", "expected", "first"),
    [
        ({"source": Source.SAMPLE, "n": 20}, [(1, 80), (4, 2040), (19, 56)], 1),
        ({"source": Source.SAMPLE, "n": 19}, [(1, 80), (4, 2040)], 1),
        ({"source": Source.CONST, "n": 3}, [(0, 2048), (1, 2048), (2, 2048)], 1),
        ({"source": Source.ELEMENTS, "n": 5, "e": 1}, [(0, 2048), (1, -5), (3, 100)], 1),
        ({"source": Source.RESIDUAL, "n": 5, "e": 1}, [(0, 2040), (1, -80), (3, 100), (4, -2040)], 3),
        ({"source": Source.RESIDUAL, "n": 4, "e": 2}, [(1, -80), (2, 100)], 3),
        ({"source": Source.RESIDUAL, "n": 0, "e": 1}, [], 3),
        ({"source": Source.VECTOR, "n": 8, "p2": 2}, [(1, 5), (2, -6), (4, 7), (7, 8)], 4),
        ({"source": Source.VECTOR, "n": 5, "p2": 2}, [(1, 5), (2, -6), (4, 7)], 4),
        ({"source": Source.VECTOR, "n": 8, "p2": 6}, [], 0),
    ],
)
def test_sources(fields: dict[str, int], expected: list[tuple[int, int]], first: int) -> None:
    bench = Bench()

    async def test(ctx: Any) -> None:
        dut = bench.dut
        for word, values in bench.vectors.items():
            ctx.set(dut.mask_write, 1)
            ctx.set(dut.mask_word, word)
            ctx.set(dut.mask, sum((value != 0) << lane for lane, value in enumerate(values)))
            await ctx.tick()
        ctx.set(dut.mask_write, 0)
        await bench.issue(ctx, op=Op.MAC, row=40, init=1, **fields)
        await ctx.tick().repeat(40)
        work = [(row, m) for _, row, m, counts in bench.seen if counts]
        assert work == [(40 + offset, operand(x)) for offset, x in expected]
        # Whatever the source holds, the accumulators are cleared by the first micro-operation.
        assert bench.seen
        if expected and bench.seen[0][3]:
            assert bench.seen[0][0] == bench.accepted + first + OPERAND_STAGE

    bench.run(test)


def test_back_to_back() -> None:
    bench = Bench()

    async def test(ctx: Any) -> None:
        await bench.issue(ctx, op=Op.MAC, source=Source.CONST, n=4, row=10)
        await bench.issue(ctx, op=Op.MAC, source=Source.SAMPLE, n=20, row=20)
        await bench.issue(ctx, op=Op.MACV, n=1)
        await ctx.tick().repeat(30)
        cycles = [cycle for cycle, *_ in bench.seen]
        assert cycles == list(range(cycles[0], cycles[0] + 8))

    bench.run(test)


@pytest.mark.parametrize("delay", range(6))
def test_one_instruction_waits(delay: int) -> None:
    """It is accepted while another is at work, a third is not; each takes the scalar that came one cycle after it."""
    bench = Bench()
    scales = [1.0, 0.25, 0.5, 1.5]

    async def test(ctx: Any) -> None:
        dut = bench.dut
        accepted: list[int] = []
        ctx.set(dut.i.payload, {"op": Op.MAC, "source": Source.CONST, "n": 3, "tiles": 1})
        for cycle in range(30):
            # The scalar of what was accepted in the last cycle; in every other cycle another one.
            came = accepted and accepted[-1] == cycle - 1
            ctx.set(dut.scale, scalar_from_float(scales[len(accepted) - 1] if came else -3.0))
            ctx.set(dut.i.valid, len(accepted) < len(scales) and (len(accepted) != 1 or cycle > delay))
            if ctx.get(dut.i.valid) and ctx.get(dut.i.ready):
                accepted.append(cycle)
            await ctx.tick()
        assert [m for _, _, m, _ in bench.seen] == [operand(int(2048 * scale)) for scale in scales for _ in "abc"]
        if delay < 3:
            # One at work for three cycles, the next two cycles after it: that leaves the place when the first is done.
            assert accepted == [0, delay + 1, 4, 7]
            cycles = [cycle for cycle, *_ in bench.seen]
            assert cycles == list(range(cycles[0], cycles[0] + 12))

    bench.run(test)


@pytest.mark.parametrize(
    "fields",
    [
        {"op": Op.UPD, "source": Source.ELEMENTS, "n": 1},
        {"op": Op.MAC, "source": Source.RESIDUAL, "n": 1},
        {"op": Op.SCAT, "n": 1},
    ],
)
def test_elements_are_wanted_by_what_waits(fields: dict[str, int]) -> None:
    """From the cycle after it was accepted to its last emission, although another instruction is at work until then."""
    bench = Bench()

    async def test(ctx: Any) -> None:
        dut = bench.dut
        await bench.issue(ctx, op=Op.MAC, source=Source.CONST, n=6)
        assert not ctx.get(dut.element_wanted)
        await bench.issue(ctx, **fields)
        await ctx.tick()
        wanted = []
        while ctx.get(dut.busy):
            wanted.append(ctx.get(dut.element_wanted))
            await ctx.tick()
        assert len(wanted) >= 5
        assert all(wanted)
        assert not ctx.get(dut.element_wanted)

    bench.run(test)


def test_residuals_back_to_back() -> None:
    """Each starts from the first pixel again, two cycles after the last element of the one before."""
    bench = Bench()
    bench.sample = [(0, 1), (1, 2), (2, 3), (3, 4), (4, 5), (5, 6), (6, 7), (7, 8)]
    bench.elements = [2040] * 8

    async def test(ctx: Any) -> None:
        await bench.issue(ctx, op=Op.MAC, source=Source.RESIDUAL, n=8, row=10)
        await bench.issue(ctx, op=Op.MAC, source=Source.RESIDUAL, n=3, row=20)
        await bench.issue(ctx, op=Op.MAC, source=Source.SAMPLE, n=8, row=30)
        await bench.issue(ctx, op=Op.MAC, source=Source.RESIDUAL, n=1, row=40)
        await bench.issue(ctx, op=Op.MAC, source=Source.ELEMENTS, n=1, row=50)
        await ctx.tick().repeat(30)
        residual = [operand(2040 - 8 * pixel) for _, pixel in bench.sample]
        pixels = [operand(8 * pixel) for _, pixel in bench.sample]
        assert [m for _, _, m, _ in bench.seen] == residual + residual[:3] + pixels + residual[:1] + [operand(2040)]
        gaps = [later[0] - earlier[0] for earlier, later in itertools.pairwise(bench.seen)]
        assert gaps == [1] * 7 + [3] + [1] * 2 + [1] + [1] * 7 + [3] + [1]

    bench.run(test)


@pytest.mark.parametrize("first", [0, 1])
def test_residual_of_no_element(first: int) -> None:
    """It only clears the accumulators, whatever the first pixel is."""
    bench = Bench()
    bench.sample = [(first, 200)]

    async def test(ctx: Any) -> None:
        await bench.issue(ctx, op=Op.MAC, source=Source.RESIDUAL, n=0, init=1)
        await bench.issue(ctx, op=Op.UPD, source=Source.RESIDUAL, n=0)
        await ctx.tick().repeat(30)
        assert [(m, work) for _, _, m, work in bench.seen] == [(0, 0)]

    bench.run(test)


def test_rows_walk_tiles_inside() -> None:
    bench = Bench()

    async def test(ctx: Any) -> None:
        await bench.issue(ctx, op=Op.ROWS, n=3, tiles=2, row=5, stride=10)
        await ctx.tick().repeat(30)
        assert [row for _, row, _, _ in bench.seen] == [5, 15, 6, 16, 7, 17]

    bench.run(test)


@pytest.mark.parametrize(("source", "work"), [(Source.CONST, 4), (Source.RESIDUAL, 3)])
def test_single_port_updates_in_every_second_cycle(source: Source, work: int) -> None:
    bench = Bench(replace(TINY, memory="spram"))

    async def test(ctx: Any) -> None:
        await bench.issue(ctx, op=Op.UPD, source=source, n=4, row=10, e=1)
        await ctx.tick().repeat(30)
        assert sum(work for *_, work in bench.seen) == work
        cycles = [cycle for cycle, *_ in bench.seen]
        assert cycles == list(range(cycles[0], cycles[0] + 8, 2))

    bench.run(test)


@pytest.mark.parametrize("memory", ["bram", "spram"])
@pytest.mark.parametrize(
    ("op", "fields", "reads", "writes"),
    [
        (Op.MAC, {"source": Source.SAMPLE, "n": 20, "init": 1}, 3, 0),
        (Op.MAC, {"source": Source.SAMPLE, "n": 19, "init": 1}, 2, 0),
        (Op.MAC, {"source": Source.CONST, "n": 0, "init": 1}, 0, 0),
        (Op.UPD, {"source": Source.CONST, "n": 4}, 4, 4),
        (Op.UPD, {"source": Source.ELEMENTS, "n": 5, "e": 1}, 3, 3),
        (Op.UPD, {"source": Source.CONST, "n": 0}, 0, 0),
        (Op.ROWS, {"n": 3, "tiles": 2, "stride": 10}, 6, 0),
        (Op.LMAC, {"n": 4, "init": 1}, 4, 0),
        (Op.LUPD, {"n": 4}, 4, 4),
        (Op.RED, {"n": 1, "tiles": 2}, 0, 0),
        (Op.DOT, {"n": 1, "tiles": 2}, 0, 0),
        (Op.MACV, {"n": 1}, 0, 0),
        (Op.MACVV, {"n": 1}, 0, 0),
        (Op.NOISE, {"n": 1}, 0, 0),
        (Op.SCAT, {"n": 3, "e": 0}, 0, 0),
        (Op.ST, {"n": 1}, 0, 0),
        (HostOp.LOAD_LANE, {"n": 1}, 0, 0),
        (HostOp.STORE_ROW, {"n": 1}, 0, 0),
        (HostOp.READ_WEIGHT, {"n": 1}, 0, 0),
        (HostOp.READ_VECTOR, {"n": 1}, 0, 0),
    ],
)
def test_rows_read_and_written(op: int, fields: dict[str, int], reads: int, writes: int, memory: str) -> None:
    bench = Bench(replace(TINY, memory=memory))
    counted = [0, 0]

    async def count(ctx: Any) -> None:
        async for _, _, read, write in ctx.tick().sample(bench.dut.row_read, bench.dut.row_write):
            counted[0] += read
            counted[1] += write

    async def test(ctx: Any) -> None:
        await bench.issue(ctx, op=op, row=10, **fields)
        await ctx.tick().repeat(40)
        assert counted == [reads, writes]

    bench.run(test, count)
