"""The whole link, byte by byte, with the driver's frames on one side and a core on the other."""

from __future__ import annotations

import random
import struct
from collections.abc import Callable
from typing import Any

import numpy as np
import pytest
from amaranth.back import verilog
from hypothesis import given, settings
from hypothesis import strategies as st

from onward.hw.link.link import Link
from onward.hw.spec.presets import PRESETS
from onward.hw.spec.protocol import ORDERED, Command, Space, Status, max_payload
from onward.sw.driver import frames
from onward.sw.driver.frames import FrameDecoder, Reply, encode_frame

from .core_model import CoreModel, Sample, default_results
from .link_bench import Bench, collect, put

TINY = PRESETS["tiny"]
BENCH = Bench(Link(TINY))


class Line:
    """The host's end of the line."""

    def __init__(self, context: Any, received: list[int], chance: float) -> None:
        self.context = context
        self.received = received
        self.chance = chance
        self.decoder = FrameDecoder()
        self.following = 0  # number of the next ordered command

    async def write(self, wire: bytes) -> None:
        await put(self.context, BENCH.dut.i, wire, self.chance, seed=len(wire))

    async def read(self, count: int = 1) -> list[Reply]:
        replies: list[Reply] = []
        for _ in range(20_000):
            replies += self.decoder.feed(bytes(self.received))
            self.received.clear()
            if len(replies) >= count:
                break
            await self.context.tick()
        assert len(replies) == count, replies
        assert self.decoder.damaged == 0
        return replies

    def frame(self, command: int, payload: bytes = b"") -> bytes:
        """A frame with the next number, for a command that will not fail."""
        frame = encode_frame(command, self.following, payload)
        self.following = (self.following + (command in ORDERED)) % 256
        return frame

    async def ask(self, command: int, payload: bytes = b"") -> Reply:
        before = self.following
        await self.write(self.frame(command, payload))
        (reply,) = await self.read()
        if reply.status is not Status.OK:
            self.following = before
        return reply


def converse(main: Callable[[Line, CoreModel], Any], chance: float = 1.0, seed: int = 0) -> CoreModel:
    """Run ``main`` with a line and a core; nothing may come that it did not read."""
    core = CoreModel(TINY, BENCH.dut.core, chance=chance, seed=seed)
    received: list[int] = []

    async def run(context):
        line = Line(context, received, chance)
        (await line.ask(Command.OPEN)).result()
        core.events.clear()
        await main(line, core)
        for _ in range(200):
            await context.tick()
        assert not received

    BENCH.run(run, collect(BENCH.dut.o, received, chance, seed=seed), core)
    return core


@pytest.mark.parametrize("chance", [1.0, 0.5])
def test_one_of_everything(chance):
    rng = np.random.default_rng(4)
    images = (rng.integers(0, 256, (6, 20)) * (rng.random((6, 20)) < 0.5)).astype(np.uint8)
    words = [int(word) << 64 | n for n, word in enumerate(rng.integers(1 << 62, size=20))]

    async def main(line, core):
        identity = frames.parse_identity((await line.ask(Command.IDENTIFY)).result())
        identity.check(TINY)
        for payload in frames.program_payloads(TINY, words, 3):
            (await line.ask(Command.LOAD_PROGRAM, payload)).result()
        assert core.program == {3 + n: word for n, word in enumerate(words)}
        (await line.ask(Command.WRITE_ROW, frames.row_payload(9, [1, -2, 300, -8192]))).result()
        row = (await line.ask(Command.READ_ROW, frames.read_row_payload(Space.WEIGHTS, 9))).result()
        assert frames.parse_row(row, 4).tolist() == [1, -2, 300, -8192]
        (await line.ask(Command.SEED, frames.seed_payload(0x12345678))).result()

        replies: list[Reply] = []
        for number, image in enumerate(images):  # two samples on their way, never more
            if number >= 2:
                replies += await line.read()
            await line.write(line.frame(Command.SAMPLE, frames.sample_payload(image, number % 3, 5)))
        replies += await line.read(2)
        assert [(reply.sequence - line.following) % 256 for reply in replies] == list(range(250, 256))
        for number, (image, reply) in enumerate(zip(images, replies, strict=True)):
            sample = Sample([(n, int(value)) for n, value in enumerate(image) if value], number % 3)
            assert frames.parse_results(reply.result()).tolist() == default_results(5, sample)

        core.counters = [10, 20, 30, 40, 50, 60, 70, 80, 90]
        counters = frames.parse_counters((await line.ask(Command.COUNTERS)).result())
        assert list(counters.values()) == [10, 20, 30, 40, 50, 60, 70, 80, 90]
        (await line.ask(Command.RESET)).result()

    converse(main, chance)


@settings(max_examples=25, deadline=None)
@given(st.binary(max_size=40), st.sampled_from([1.0, 0.6]))
def test_a_frame_behind_garbage_is_carried_out(garbage, chance):
    async def main(line, core):
        await line.write(garbage + b"\0" + encode_frame(Command.SEED, 1, frames.seed_payload(1)))
        replies: list[Reply] = []
        while not replies or replies[-1].status is not Status.OK:
            replies += await line.read()
        assert replies[-1] == Reply(Command.SEED, 1, Status.OK, b"")
        assert {reply.status for reply in replies[:-1]} <= {Status.BAD_FRAME}

    assert converse(main, chance).events == [("seed", 1)]


def test_no_flipped_bit_is_carried_out():
    wire = encode_frame(Command.SEED, 3, b"\x11\x00\x33\x44")

    async def main(line, core):
        for bit in range(8 * len(wire)):
            flipped = (int.from_bytes(wire, "little") ^ 1 << bit).to_bytes(len(wire), "little")
            await line.write(flipped + b"\0")
        for _ in range(2000):
            await line.context.tick()
        replies = line.decoder.feed(bytes(line.received))
        line.received.clear()
        assert len(replies) >= 8 * len(wire)
        assert set(replies) == {Reply(0, 0, Status.BAD_FRAME, b"")}
        assert core.events == []
        assert (await line.ask(Command.SEED, frames.seed_payload(5))).status is Status.OK

    assert converse(main).events == [("seed", 5)]


def test_empty_frames_are_silent():
    async def main(line, core):
        await line.write(bytes(10))
        assert (await line.ask(Command.RESET)).status is Status.OK

    converse(main)


def test_longest_frame_and_one_more():
    longest = max_payload(TINY)

    async def main(line, core):
        full = b"\0\0" + bytes((longest - 2) // 16 * 16)
        assert (await line.ask(Command.LOAD_PROGRAM, full)).status is Status.OK
        assert (await line.ask(Command.SAMPLE, bytes(longest))).status is not Status.BAD_FRAME
        assert await line.ask(Command.SAMPLE, bytes(longest + 1)) == Reply(0, 0, Status.BAD_FRAME, b"")

    assert len(converse(main).program) == (longest - 2) // 16


def test_longest_reply():
    async def main(line, core):
        core.results = lambda entry, sample: [entry] * 64
        reply = await line.ask(Command.RUN, frames.run_payload(0x101))
        assert frames.parse_results(reply.result()).tolist() == [0x101] * 64

    converse(main)


def test_input_waits_while_a_command_does():
    """A third sample is kept in the buffer; the bytes behind it stay outside, and are not lost."""

    async def main(line, core):
        core.hold = True
        image = np.full(20, 9, np.uint8)
        wires = [line.frame(Command.SAMPLE, frames.sample_payload(image, 0, n)) for n in range(4)]
        for wire in wires[:3]:
            await line.write(wire)
        await line.write(wires[3][:3])  # two bytes, and a code byte in front of them, which stands for none
        line.context.set(BENCH.dut.i.valid, 1)
        line.context.set(BENCH.dut.i.payload, wires[3][3])
        for _ in range(100):
            *_, ready = await line.context.tick().sample(BENCH.dut.i.ready)
            assert not ready
        core.hold = False
        await line.write(wires[3][3:])
        assert [reply.sequence for reply in await line.read(4)] == [1, 2, 3, 4]

    converse(main)


def test_a_silent_host_stops_the_link_and_loses_nothing():
    """The host sends, but does not read for a while."""
    rng = random.Random(2)
    payloads = [struct.pack("<H", rng.randrange(512)) for _ in range(3)]

    received: list[int] = []
    core = CoreModel(TINY, BENCH.dut.core)

    async def main(context):
        wire = encode_frame(Command.OPEN, 0)
        for number, payload in enumerate(payloads):
            # While one program runs, the next is refused: the host waits for it with a sample.
            wire += encode_frame(Command.IDENTIFY, number) + encode_frame(Command.SAMPLE, 1 + number, payload + b"\0")
        for byte in wire:
            await put(context, BENCH.dut.i, [byte])
        replies: list[Reply] = []
        decoder = FrameDecoder()
        while len(replies) < 7:
            await context.tick()
            replies += decoder.feed(bytes(received))
            received.clear()
        numbers = sorted((reply.command, reply.sequence) for reply in replies)
        assert numbers == [
            *((Command.IDENTIFY, n) for n in range(3)),
            *((Command.SAMPLE, 1 + n) for n in range(3)),
            (10, 0),
        ]

    async def late(context):
        for _ in range(1500):
            await context.tick()
        await collect(BENCH.dut.o, received)(context)

    BENCH.run(main, late, core)


def test_throughput_of_samples():
    """A sample costs its frame, and as many cycles as its payload has bytes and segments, and nine."""

    async def main(line, core):
        image = np.full(20, 9, np.uint8)
        payload = frames.sample_payload(image, 0, 1)
        wires = [line.frame(Command.SAMPLE, payload) for n in range(2)]
        waited = 0
        line.context.set(BENCH.dut.i.valid, 1)
        for byte in wires[0] + wires[1]:
            line.context.set(BENCH.dut.i.payload, byte)
            ready = False
            while not ready:
                *_, ready = await line.context.tick().sample(BENCH.dut.i.ready)
                waited += not ready
        line.context.set(BENCH.dut.i.valid, 0)
        assert waited == len(payload) + 1 + 9
        await line.read(2)

    converse(main)


@pytest.mark.parametrize("name", PRESETS)
def test_every_preset_converts_to_verilog(name):
    text = verilog.convert(Link(PRESETS[name]), name="link")
    counters = "core__ring_byte" if PRESETS[name].compact else "core__counters"
    for port in ("i__payload", "o__payload", "core__sample__valid", counters):
        assert port in text
