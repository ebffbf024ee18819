"""A cluster of lanes against its model."""

from __future__ import annotations

import random
from typing import Any

import cocotb

from onward.hw.core.cluster import Cluster
from onward.hw.core.lane_generator import SeedStep, seed_steps
from onward.hw.core.uop import LANE_STAGE, PRODUCT_STAGE, Uop, WeightRead
from onward.hw.spec.config import CoreConfig

from . import clock
from .checker import Checker
from .cluster_model import READS_ROWS, ClusterModel
from .cluster_schedule import Schedule
from .job import Job
from .pins import pack, read, read_signed

__all__ = ["micro_operations"]


@cocotb.test(timeout_time=200, timeout_unit="ms")
async def micro_operations(dut: Any) -> None:
    """Micro-operations as dense as the rules allow: sums, masks, scanned elements and saturations in their very cycles.

    In cycles without one the other bits of the port are random. Each round has a seed, and rows and words of its own,
    which are read at its end.
    """
    job = Job.from_environment()
    rng, config = job.random("cluster"), job.config
    await clock.start(dut, uop=0, weight_read=0, scan_valid=0, scan_word=0, scan_lane=0, seed=0)
    model = ClusterModel(config)
    for _ in range(job.times(5)):
        await _round(dut, config, rng, model, micro_operations=600)


async def _round(dut: Any, config: CoreConfig, rng: random.Random, model: ClusterModel, micro_operations: int) -> None:
    schedule = Schedule(config, rng, _sum_delay(config), model)
    seed = rng.getrandbits(32)
    model.seed(seed)
    schedule.fill(micro_operations)
    sums, masks, scans = Checker("sum"), Checker("mask"), Checker("scanned element")
    valid = Uop(config)["valid"].offset
    bits = Uop(config).size
    dut["uop"].value, dut["scan_valid"].value = 0, 0
    for step in seed_steps(seed):
        dut["seed"].value = pack(SeedStep, **step)
        await clock.cycle(dut)
    dut["seed"].value = 0
    for now in range(schedule.length):
        micro = schedule.uops.get(now)
        dut["uop"].value = micro.encode(config) if micro else rng.getrandbits(bits) & ~(1 << valid)
        following = schedule.uops.get(now + 1)
        multiplies = int(following is not None and following.op in READS_ROWS)
        row = following.row if following else rng.randrange(config.rows)
        dut["weight_read"].value = pack(WeightRead(config), valid=multiplies, row=row)
        scan = schedule.scans.get(now)
        dut["scan_valid"].value = int(scan is not None)
        if scan:
            dut["scan_word"].value, dut["scan_lane"].value = scan
        await clock.cycle(dut)
        for checker, expected, pin, convert in (
            (sums, schedule.sums, dut["sum"], read_signed),
            (masks, schedule.masks, dut["nonzero"], read),
            (scans, schedule.scan_values, dut["scan_value"], read_signed),
        ):
            if now in expected:
                checker.expect(expected[now], f"in cycle {now}")
                checker.check(convert(pin))
        for name, cycles in (("row_saturated", schedule.row_saturated), ("word_saturated", schedule.word_saturated)):
            assert (read(dut[name]) == 1) == (now in cycles), f"{name} in cycle {now}: {_recent(schedule, now)}"
    for checker in (sums, masks, scans):
        checker.finish()


def _sum_delay(config: CoreConfig) -> int:
    """Cycles from the port to the sum: the port holds what the pipeline calls the cycle before LANE_STAGE."""
    return PRODUCT_STAGE - LANE_STAGE + 1 + Cluster(config, 0, config.cluster_lanes).reduce_latency


def _recent(schedule: Schedule, now: int) -> list[object]:
    return [schedule.uops[cycle] for cycle in range(now - 9, now) if cycle in schedule.uops]
