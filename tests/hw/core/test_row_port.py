"""Row accesses of the host become lane operations, and no answer is ever lost."""

import random
from typing import Any

from amaranth.sim import Simulator

from onward.hw.core.host_port import AccessKind
from onward.hw.core.row_port import RowPort
from onward.hw.core.vector_op import HostOp
from onward.hw.spec.presets import PRESETS

OPS = {
    AccessKind.LOAD_LANE: HostOp.LOAD_LANE,
    AccessKind.STORE_ROW: HostOp.STORE_ROW,
    AccessKind.READ_WEIGHT: HostOp.READ_WEIGHT,
    AccessKind.READ_VECTOR: HostOp.READ_VECTOR,
}


def test_operations_and_answers() -> None:
    dut = RowPort(PRESETS["tiny"])
    rng = random.Random(4)
    pending: list[int] = []
    answered: list[int] = []
    seen: list[tuple[int, int, int, int]] = []

    async def core(ctx: Any) -> None:
        """Takes operations now and then, and answers reads a few cycles later."""
        delayed = [0] * 12
        while True:
            ready = rng.random() < 0.8
            ctx.set(dut.vector.ready, ready)
            delayed.append(0)
            if ready and ctx.get(dut.vector.valid):
                vector = dut.vector.payload
                op = ctx.get(vector.op)
                seen.append((op, ctx.get(vector.row), ctx.get(vector.value), ctx.get(vector.init)))
                if op in (HostOp.READ_WEIGHT, HostOp.READ_VECTOR):
                    delayed[-1] = rng.randint(1, 30000)
                    pending.append(delayed[-1])
            answer = delayed.pop(0)
            ctx.set(dut.answer_valid, answer != 0)
            ctx.set(dut.answer, answer)
            await ctx.tick()

    async def host(ctx: Any) -> None:
        """Takes the answers slowly, so that they pile up."""
        while True:
            ready = rng.random() < 0.1
            ctx.set(dut.o.ready, ready)
            await ctx.delay(1e-8)
            if ready and ctx.get(dut.o.valid):
                answered.append(ctx.get(dut.o.payload))
            await ctx.tick()

    async def bench(ctx: Any) -> None:
        sent = []
        for number in range(300):
            kind = AccessKind.READ_WEIGHT if number < 150 else rng.choice(list(AccessKind))
            row, lane, value = rng.randrange(32), rng.randrange(4), rng.randint(-8192, 8191)
            ctx.set(dut.i.payload, {"kind": kind, "row": row, "lane": lane, "value": value})
            ctx.set(dut.i.valid, 1)
            await ctx.tick().until(dut.i.ready)
            ctx.set(dut.i.valid, 0)
            reads = kind in (AccessKind.READ_WEIGHT, AccessKind.READ_VECTOR)
            sent.append((OPS[kind], row, 1 if reads else value, int(lane == 0)))
        await ctx.tick().repeat(600)
        assert seen == sent
        assert answered == pending

    simulator = Simulator(dut)
    simulator.add_clock(1e-6)
    simulator.add_testbench(bench)
    simulator.add_testbench(core, background=True)
    simulator.add_testbench(host, background=True)
    simulator.run()
