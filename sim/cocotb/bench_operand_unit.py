"""The operand unit against the golden model's rule for broadcast operands."""

from __future__ import annotations

import random
from typing import Any

import cocotb

from onward.hw.spec.formats import ELEMENT, pack_scalar
from onward.hw.spec.tables import generator_constant
from onward.sw.golden import scalar

from . import clock
from .checker import Checker
from .job import Job
from .pins import read, read_signed

__all__ = ["elements_times_scalars"]

_LATENCY = 4
_SEED_EVERY = 250


@cocotb.test(timeout_time=20, timeout_unit="ms")
async def elements_times_scalars(dut: Any) -> None:
    """An element every cycle, in any mix of formats and roundings; only stochastic ones step the generator.

    Exponents are drawn around the range in which the result is neither 0 nor saturated.
    """
    job = Job.from_environment()
    rng, config = job.random("operand_unit"), job.config
    constant = generator_constant(config.lanes)
    state = constant | 1
    checker, compared = Checker("operand"), 0
    await clock.start(dut, x=0, scale=0, neg=0, fine=0, stochastic=0, seed_valid=0, seed=0)
    for step in range(job.times(4000) + _LATENCY):
        if step and step % _SEED_EVERY == 0:
            # No element with a random rounding may be on its way while the generator restarts.
            dut["stochastic"].value = 0
            await clock.cycles(dut, _LATENCY)
            seed = rng.getrandbits(32)
            dut["seed"].value, dut["seed_valid"].value = seed, 1
            await clock.cycle(dut)
            dut["seed_valid"].value = 0
            state = (constant ^ seed) | 1
            compared += checker.compared
            checker = Checker("operand after a seed")
        x, scale = _element(rng), _scalar(rng)
        neg, fine, stochastic = (rng.getrandbits(1) for _ in range(3))
        form = config.fine_operand if fine else config.operand
        if stochastic:
            state = scalar.xorshift32(state)
        dut["x"].value, dut["scale"].value = x & 0xFFFF, scale
        dut["neg"].value, dut["fine"].value, dut["stochastic"].value = neg, fine, stochastic
        note = f"x={x} scale={scale:#x} neg={neg} fine={fine} stochastic={stochastic}"
        checker.expect(scalar.operand(x, scale, neg, form.fraction, form.bits, state if stochastic else None), note)
        await clock.cycle(dut)
        if checker.outstanding > _LATENCY:
            checker.check((read_signed(dut["m"]), read(dut["saturated"]) == 1))
    restarts = job.times(4000) // _SEED_EVERY
    assert compared + checker.compared >= job.times(4000) - (restarts + 1) * (_LATENCY + 1)


def _element(rng: random.Random) -> int:
    kind = rng.random()
    if kind < 0.1:
        return rng.choice((ELEMENT.min, ELEMENT.max, 0, 1, -1, 1 << ELEMENT.fraction))
    return rng.randint(ELEMENT.min, ELEMENT.max) >> rng.randrange(16)


def _scalar(rng: random.Random) -> int:
    kind = rng.random()
    if kind < 0.05:
        return 0
    exponent = rng.randint(-128, 127) if kind < 0.15 else rng.randint(-60, 5)
    magnitude = rng.choice((1 << 15, 0xFFFF)) if rng.random() < 0.1 else rng.randint(1 << 15, 0xFFFF)
    return pack_scalar(rng.getrandbits(1), exponent, magnitude)
