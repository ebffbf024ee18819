"""Sums of the reduce tree: tiles added up, scaled, and delivered to the right place."""

import random
from typing import Any

from amaranth.sim import Simulator

from onward.hw.core.normaliser import Normaliser
from onward.hw.core.reducer import ReduceKind, Reducer
from onward.hw.core.scalar_to_fixed import ScalarToFixed
from onward.hw.spec.formats import ELEMENT, scalar_from_float
from onward.hw.spec.presets import PRESETS
from onward.sw.golden import scalar

CONFIG = PRESETS["icebreaker"]


def test_scalars_rows_and_answers() -> None:
    dut = Reducer(CONFIG, 40)
    rng = random.Random(3)
    elements = [rng.randint(-20000, 20000) for _ in range(64)]
    memory = list(elements)
    scalars: list[int] = []
    answers: list[int] = []
    state = {"retired": 0, "saturated": 0}

    async def element_memory(ctx: Any) -> None:
        """The element memory, and a record of everything that comes out."""
        async for _, reset, address, write, to, value, *out in ctx.tick().sample(
            dut.element_read_address,
            dut.element_write,
            dut.element_address,
            dut.element_data,
            dut.scalar_valid,
            dut.scalar,
            dut.answer_valid,
            dut.answer,
            dut.retired,
            dut.saturated,
        ):
            del reset
            ctx.set(dut.element_read, memory[address & 63])
            if write:
                memory[to] = value
            if out[0]:
                scalars.append(out[1])
            if out[2]:
                answers.append(out[3])
            state["retired"] += out[4]
            state["saturated"] += out[5]

    async def bench(ctx: Any) -> None:
        wanted_scalars, wanted_answers, wanted_saturations = [], [], 0
        for number in range(40):
            kind = rng.choice(list(ReduceKind))
            count = rng.randint(1, 6) if kind == ReduceKind.ROWS else 1
            tiles = 1 if kind == ReduceKind.HOST else rng.randint(1, 4)
            scale = scalar_from_float(rng.uniform(-2, 2) * 2.0 ** rng.randint(-3, 8))
            base, init = rng.randrange(50), rng.getrandbits(1)
            tag = {"kind": kind, "e": base, "n": count, "tiles": tiles, "init": init, "scale": scale}
            ctx.set(dut.tag.payload, tag)
            ctx.set(dut.tag.valid, 1)
            await ctx.tick()
            ctx.set(dut.tag.valid, 0)
            for result in range(count):
                size = 15 if kind == ReduceKind.HOST else rng.choice((8, 26, 39))
                parts = [rng.randint(-(1 << size), (1 << size) - 1) for _ in range(tiles)]
                for part in parts:
                    if rng.random() < 0.3:
                        await ctx.tick().repeat(rng.randint(1, 3))
                    ctx.set(dut.sum, part)
                    ctx.set(dut.sum_valid, 1)
                    await ctx.tick()
                    ctx.set(dut.sum_valid, 0)
                if kind == ReduceKind.SCALAR:
                    wanted_scalars.append(scalar.from_int(sum(parts), 2 * ELEMENT.fraction))
                elif kind == ReduceKind.HOST:
                    wanted_answers.append(sum(parts))
                else:
                    reduced = scalar.from_int(sum(parts), CONFIG.weight.fraction + ELEMENT.fraction)
                    value, saturated = scalar.to_fixed(scalar.mul(scale, reduced), ELEMENT.fraction, ELEMENT.bits)
                    total = value + (0 if init else elements[base + result])
                    elements[base + result] = max(ELEMENT.min, min(ELEMENT.max, total))
                    wanted_saturations += saturated + (elements[base + result] != total)
            # The sequencer starts no further ROWS that adds before the last has been written.
            await ctx.tick().repeat(4 + Normaliser.LATENCY + ScalarToFixed.LATENCY)
            assert state["retired"] == number + 1
        assert scalars == wanted_scalars
        assert answers == wanted_answers
        assert memory == elements
        assert state["saturated"] == wanted_saturations > 0

    simulator = Simulator(dut)
    simulator.add_clock(1e-6)
    simulator.add_testbench(bench)
    simulator.add_process(element_memory)
    simulator.run()
