"""The host's row accesses against the lane operations that they are made of."""

from __future__ import annotations

import random
from collections import deque
from typing import Any

import cocotb

from onward.hw.core.host_port import Access, AccessKind
from onward.hw.core.vector_op import HostOp, VectorOp
from onward.hw.spec.config import CoreConfig

from . import clock
from .checker import Checker
from .driver import StreamDriver
from .gaps import Gaps
from .job import Job
from .monitor import StreamMonitor
from .pins import pack, read, wrap

__all__ = ["accesses_in_order", "as_many_reads_as_there_is_room"]

_ROOM = 32 + 2
"""The FIFO, and the register slice behind it."""
_LATENCY = 15
_READS = (AccessKind.READ_WEIGHT, AccessKind.READ_VECTOR)
_WRITES = (AccessKind.LOAD_LANE, AccessKind.STORE_ROW)
_OPS = {
    AccessKind.LOAD_LANE: HostOp.LOAD_LANE,
    AccessKind.STORE_ROW: HostOp.STORE_ROW,
    AccessKind.READ_WEIGHT: HostOp.READ_WEIGHT,
    AccessKind.READ_VECTOR: HostOp.READ_VECTOR,
}


@cocotb.test(timeout_time=50, timeout_unit="ms")
async def accesses_in_order(dut: Any) -> None:
    """Accesses of all kinds with any values, while the lanes are now and then busy and the host takes its time."""
    job = Job.from_environment()
    rng, config = job.random("row_port"), job.config
    await clock.start(dut, i__valid=0, vector__ready=0, answer_valid=0, o__ready=0)
    count = job.times(1500)
    operations, answers = Checker("operation"), Checker("answer")
    cocotb.start_soon(_check(operations, StreamMonitor(dut, "vector", Gaps(rng)), 0))
    cocotb.start_soon(_check(answers, StreamMonitor(dut, "o", Gaps(rng, chance=0.5)), 18))
    cocotb.start_soon(_answer(dut, config, rng, answers))
    accesses = StreamDriver(dut, "i", Gaps(rng, chance=0.1))
    for _ in range(count):
        access = _access(rng)
        operations.expect(_operation(config, access), str(access))
        await accesses.send(pack(Access, **access))
    while operations.outstanding or answers.outstanding:
        await clock.cycle(dut)
    operations.finish(count)
    answers.finish(count // 3)


@cocotb.test(timeout_time=20, timeout_unit="ms")
async def as_many_reads_as_there_is_room(dut: Any) -> None:
    """A host that takes no answers gets as many as fit; then one more for each that it takes. Writes never wait."""
    job = Job.from_environment()
    rng, config = job.random("row_port full"), job.config
    await clock.start(dut, i__valid=0, vector__ready=1, answer_valid=0, o__ready=0)
    answers = Checker("answer")
    cocotb.start_soon(_answer(dut, config, rng, answers))
    for _ in range(job.times(4)):
        dut["o__ready"].value = 0
        started = await _offer(dut, rng, _READS, 100)
        assert started == _ROOM, f"{started} reads were started with room for {_ROOM}"
        assert await _offer(dut, rng, _WRITES, 10) == 10, "writes wait for reads"
        for taken in (rng.randint(1, _ROOM), _ROOM):
            await _take(dut, answers, taken)
            started = await _offer(dut, rng, _READS, 100)
            assert started == taken, f"{started} reads were started with room for {taken}"
        await _take(dut, answers, _ROOM)
    answers.finish(_ROOM)


def _access(rng: random.Random) -> dict[str, Any]:
    return {
        "kind": rng.choice(list(AccessKind)),
        "row": rng.randrange(1 << Access["row"].width),
        "lane": rng.choice((0, rng.randrange(1 << Access["lane"].width))),
        "value": rng.randrange(-(1 << 15), 1 << 15),
    }


def _operation(config: CoreConfig, access: dict[str, Any]) -> int:
    """What the lanes are told to do."""
    reads = access["kind"] in _READS
    return pack(
        VectorOp(config),
        op=_OPS[access["kind"]],
        init=access["lane"] == 0,
        row=access["row"],
        p1=access["row"],
        n=1,
        tiles=1,
        lane=access["lane"],
        value=1 if reads else access["value"],
    )


async def _check(checker: Checker, monitor: StreamMonitor, bits: int) -> None:
    while True:
        found = await monitor.get()
        checker.check(wrap(found, bits) if bits else found)


async def _answer(dut: Any, config: CoreConfig, rng: random.Random, answers: Checker) -> None:
    """Plays lanes and reducer."""
    op = VectorOp(config)["op"]
    pipeline: deque[int | None] = deque([None] * _LATENCY)
    while True:
        value = pipeline.popleft()
        dut["answer_valid"].value = value is not None
        dut["answer"].value = 0 if value is None else value & (1 << 18) - 1
        await clock.cycle(dut)
        pipeline.append(None)
        if read(dut["vector__valid"]) and read(dut["vector__ready"]):
            code = read(dut["vector__payload"]) >> op.offset & (1 << op.width) - 1
            if code in (HostOp.READ_WEIGHT, HostOp.READ_VECTOR):
                pipeline[-1] = rng.randrange(-(1 << 17), 1 << 17)
                answers.expect(pipeline[-1])


async def _offer(dut: Any, rng: random.Random, kinds: tuple[Any, ...], cycles: int) -> int:
    """Offer accesses for some cycles; how many were taken."""
    taken = 0
    dut["i__valid"].value = 1
    for _ in range(cycles):
        dut["i__payload"].value = pack(Access, **_access(rng) | {"kind": rng.choice(kinds)})
        await clock.cycle(dut)
        assert read(dut["vector__valid"]) == read(dut["i__ready"]), "what is taken is not what is passed on"
        taken += read(dut["i__ready"])
    dut["i__valid"].value = 0
    await clock.cycle(dut)
    return taken


async def _take(dut: Any, answers: Checker, count: int) -> None:
    """Take so many answers."""
    dut["o__ready"].value = 1
    while count:
        await clock.cycle(dut)
        if read(dut["o__valid"]):
            answers.check(wrap(read(dut["o__payload"]), 18))
            count -= 1
    dut["o__ready"].value = 0
    await clock.cycle(dut)
