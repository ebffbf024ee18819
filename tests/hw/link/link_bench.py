"""Helpers of the link's tests: a simulator that is built once, and drivers for streams with gaps."""

from __future__ import annotations

import random
from collections.abc import Callable, Coroutine, Iterable
from typing import Any

from amaranth.hdl import Value
from amaranth.lib import data, stream, wiring
from amaranth.sim import Simulator

__all__ = ["PATIENCE", "Bench", "collect", "put", "put_packet", "take", "take_packet", "take_report", "until"]

PATIENCE = 5000
"""Cycles after which a stream that does not move is a failure."""

Task = Callable[[Any], Coroutine[Any, Any, None]]


class Bench:
    """Simulates ``dut`` as often as asked; a run starts from reset and ends with its first task."""

    def __init__(self, dut: wiring.Component, slots: int = 4) -> None:
        self.dut = dut
        self._tasks: tuple[Task, ...] = ()
        self._used = False
        self._simulator = Simulator(dut)
        self._simulator.add_clock(1e-6)
        for slot in range(slots):
            self._simulator.add_testbench(self._slot(slot), background=slot > 0)

    def _slot(self, slot: int) -> Task:
        async def run(context: Any) -> None:
            if slot < len(self._tasks):
                await self._tasks[slot](context)

        return run

    def run(self, *tasks: Task) -> None:
        """Simulate until the first of ``tasks`` returns."""
        self._tasks = tasks
        if self._used:
            self._simulator.reset()
        self._used = True
        self._simulator.run()


def _plain(value: Any) -> Any:
    """A sampled payload as plain numbers."""
    if isinstance(value, data.Const):
        return {name: _plain(value[name]) for name in dict(value.shape())}
    return value


async def put(
    context: Any, port: stream.Interface, payloads: Iterable[Any], chance: float = 1.0, seed: int = 0
) -> None:
    """Send ``payloads``; in each cycle a waiting one is offered with this chance, and then kept up."""
    rng = random.Random(seed)
    for payload in payloads:
        while rng.random() >= chance:
            await context.tick()
        context.set(port.payload, payload)
        context.set(port.valid, 1)
        for _ in range(PATIENCE):
            *_, ready = await context.tick().sample(port.ready)
            if ready:
                break
        else:
            raise AssertionError(f"{payload!r} was not taken within {PATIENCE} cycles")
        context.set(port.valid, 0)


async def take(
    context: Any, port: stream.Interface, stop: Callable[[list[Any]], bool], chance: float = 1.0, seed: int = 0
) -> list[Any]:
    """Receive payloads until ``stop(received)``; ready in each cycle with this chance.

    Checks that a payload that was offered stays offered until it is taken.
    """
    rng = random.Random(seed)
    received: list[Any] = []
    waited = 0
    offered = None
    while not stop(received):
        ready = rng.random() < chance
        context.set(port.ready, ready)
        *_, valid, payload = await context.tick().sample(port.valid, port.payload)
        payload = _plain(payload)
        if offered is not None:
            assert valid, f"{offered!r} was withdrawn"
            assert payload == offered, f"{offered!r} became {payload!r} while it waited"
        offered = payload if valid and not ready else None
        waited = 0 if valid and ready else waited + 1
        if valid and ready:
            received.append(payload)
        assert waited < PATIENCE, f"nothing came for {PATIENCE} cycles after {received[-3:]!r}"
    context.set(port.ready, 0)
    return received


def collect(port: stream.Interface, into: list[Any], chance: float = 1.0, seed: int = 0) -> Task:
    """A background task that appends every payload of ``port`` to ``into``."""

    async def run(context: Any) -> None:
        rng = random.Random(seed)
        ready = True
        context.set(port.ready, 1)
        while True:
            *_, valid, payload = await context.tick().sample(port.valid, port.payload)
            if valid and ready:
                into.append(_plain(payload))
            if chance < 1:
                ready = rng.random() < chance
                context.set(port.ready, ready)

    return run


async def put_packet(context: Any, port: stream.Interface, packet: bytes, chance: float = 1.0, seed: int = 0) -> None:
    """Send a stream of PacketByte."""
    payloads = [{"byte": byte, "last": place == len(packet) - 1} for place, byte in enumerate(packet)]
    await put(context, port, payloads, chance, seed)


async def take_packet(context: Any, port: stream.Interface, chance: float = 1.0, seed: int = 0) -> bytes:
    """Receive a stream of PacketByte up to its last byte."""
    received = await take(context, port, lambda items: bool(items and items[-1]["last"]), chance, seed)
    return bytes(item["byte"] for item in received)


async def take_report(context: Any, dut: Any, count: int, chance: float = 1.0) -> bytes:
    """Start a report, of the counters or of the identity, and receive it."""
    context.set(dut.count, count)
    context.set(dut.start, 1)
    await context.tick()
    context.set(dut.start, 0)
    return await take_packet(context, dut.o, chance, seed=1)


async def until(context: Any, condition: Value, patience: int = PATIENCE) -> int:
    """Wait for a cycle in which ``condition`` holds before its clock edge; the number of cycles before it."""
    for cycles in range(patience):
        *_, holds = await context.tick().sample(condition)
        if holds:
            return cycles
    raise AssertionError(f"{condition!r} did not come within {patience} cycles")
