"""Every command, every status, and nothing changed where a command was refused."""

from __future__ import annotations

import random
import struct
import zlib
from collections.abc import Callable
from typing import Any

import pytest
from amaranth.hdl import Module
from amaranth.lib import stream, wiring
from amaranth.lib.wiring import In, Out

from onward.hw.core.host_port import HostPort
from onward.hw.link.command_unit import CommandUnit
from onward.hw.link.frame_buffer import FrameBuffer
from onward.hw.link.layouts import DecodedByte, PacketByte
from onward.hw.spec.presets import PRESETS
from onward.hw.spec.protocol import ORDERED, VERSION, Command, Space, Status

from .core_model import CoreModel, Sample, default_results
from .link_bench import Bench, collect, put, take, until

TINY = PRESETS["tiny"]


class Harness(wiring.Component):
    """The command unit behind a frame buffer."""

    def __init__(self) -> None:
        self.buffer = FrameBuffer(TINY)
        self.unit = CommandUnit(TINY)
        super().__init__(
            {"i": In(stream.Signature(DecodedByte)), "o": Out(stream.Signature(PacketByte)), "core": Out(HostPort())}
        )

    def elaborate(self, platform):
        m = Module()
        m.submodules.buffer, m.submodules.unit = self.buffer, self.unit
        wiring.connect(m, wiring.flipped(self.i), self.buffer.i)
        wiring.connect(m, self.buffer.o, self.unit.frame)
        wiring.connect(m, self.buffer.payload, self.unit.payload)
        wiring.connect(m, self.unit.o, wiring.flipped(self.o))
        wiring.connect(m, self.unit.core, wiring.flipped(self.core))
        m.d.comb += self.buffer.rewind.eq(self.unit.rewind)
        return m


BENCH = Bench(Harness())


class Host:
    """Sends frames and collects replies as (command, sequence, status, payload)."""

    def __init__(self, context: Any, replies: list[tuple], chance: float = 1.0) -> None:
        self.context = context
        self.replies = replies
        self.chance = chance
        self.following = 0  # number of the next ordered command

    async def send(
        self,
        command: int,
        payload: bytes = b"",
        *,
        damage: bool = False,
        sequence: int | None = None,
        fails: bool = False,
    ) -> int:
        """Send one frame; its sequence number. Returns when the frame has been received, not when it was answered.

        The number is the next one, which an ordered command uses up unless it ``fails``.
        """
        if sequence is None:
            sequence = self.following
            if command in ORDERED and not (fails or damage):
                self.following = self.following + 1 & 0xFF
        body = bytes((command, sequence)) + payload
        body += (zlib.crc32(body) ^ damage).to_bytes(4, "little")
        items = [{"byte": byte, "end": 0, "error": 0} for byte in body] + [{"byte": 0, "end": 1, "error": 0}]
        await put(self.context, BENCH.dut.i, items, self.chance, seed=sequence)
        return sequence

    async def replied(self, count: int = 1) -> list[tuple]:
        """Wait until this many replies have come; remove and return them."""
        for _ in range(20_000):
            if len(self.replies) >= count:
                break
            await self.context.tick()
        else:
            raise AssertionError(f"{count} replies expected, got {self.replies}")
        taken, self.replies[:count] = self.replies[:count], []
        return taken

    async def ask(self, command: int, payload: bytes = b"", **how: Any) -> tuple[Status, bytes]:
        """Send a frame and wait for its reply, which must be the next one."""
        sequence = await self.send(command, payload, **how)
        ((answered, number, status, answer),) = await self.replied()
        if status is Status.BAD_FRAME:
            assert (answered, number) == (0x80, 0)
        else:
            assert (answered, number) == (command | 0x80, sequence)
        if command in ORDERED and "sequence" not in how and status is not Status.OK:
            self.following = sequence
        return status, answer

    async def open(self) -> None:
        """Begin a session."""
        assert await self.ask(Command.OPEN) == (Status.OK, b"")


def converse(
    main: Callable[[Host, CoreModel], Any], chance: float = 1.0, seed: int = 0, *, closed: bool = False
) -> CoreModel:
    """Run ``main`` with a host and a core, in a session that has begun unless ``closed``."""
    core = CoreModel(TINY, BENCH.dut.core, chance=chance, seed=seed)
    replies: list[tuple] = []

    async def listen(context):
        while True:
            seen = await take(context, BENCH.dut.o, lambda items: bool(items and items[-1]["last"]), chance, seed=seed)
            body = bytes(item["byte"] for item in seen)
            replies.append((body[0], body[1], Status(body[2]), body[3:]))

    async def listen_patiently(context):
        while True:
            await context.tick().until(BENCH.dut.o.valid)
            await listen(context)

    async def run(context):
        host = Host(context, replies, chance)
        if not closed:
            await host.open()
            core.events.clear()
        await main(host, core)
        assert not replies, "a reply too many"

    BENCH.run(run, listen_patiently, core)
    return core


def u16(value: int) -> bytes:
    return struct.pack("<H", value)


def u32(value: int) -> bytes:
    return struct.pack("<I", value)


def row_bytes(*values: int) -> bytes:
    return struct.pack(f"<{len(values)}h", *values)


def sample(entry: int, label: int, *segments: tuple[int, bytes]) -> bytes:
    return struct.pack("<HB", entry, label) + b"".join(bytes((skip, len(run))) + run for skip, run in segments)


chances = pytest.mark.parametrize("chance", [1.0, 0.4])


@chances
def test_identify(chance):
    async def main(host, core):
        status, answer = await host.ask(Command.IDENTIFY)
        assert status is Status.OK
        assert answer == bytes([VERSION]) + bytes.fromhex(TINY.digest) + struct.pack("<HIHHHB", 4, 96, 32, 512, 20, 1)

    assert converse(main, chance).events == []


@chances
def test_load_program(chance):
    rng = random.Random(1)
    words = [rng.getrandbits(128) for _ in range(3)]

    async def main(host, core):
        for address in (0, 100, 509):
            payload = u16(address) + b"".join(word.to_bytes(16, "little") for word in words)
            assert await host.ask(Command.LOAD_PROGRAM, payload) == (Status.OK, b"")
        assert await host.ask(Command.LOAD_PROGRAM, u16(511) + bytes(16)) == (Status.OK, b"")

    core = converse(main, chance)
    expected = {address + n: word for address in (0, 100, 509) for n, word in enumerate(words)}
    assert core.program == expected | {511: 0}


@chances
def test_rows(chance):
    async def main(host, core):
        for row, values in ((0, (1, -1, 1023, -1024)), (95, (-8192 // 8, 0, 8191 // 8, 5))):
            assert await host.ask(Command.WRITE_ROW, u32(row) + row_bytes(*values)) == (Status.OK, b"")
            assert core.weights[row] == list(values)
            answer = await host.ask(Command.READ_ROW, bytes([Space.WEIGHTS]) + u32(row))
            assert answer == (Status.OK, row_bytes(*values))
        core.vectors[31] = [32767, -32768, 0, -2]
        answer = await host.ask(Command.READ_ROW, bytes([Space.VECTORS]) + u32(31))
        assert answer == (Status.OK, row_bytes(32767, -32768, 0, -2))

    core = converse(main, chance)
    kinds = [event[0] for event in core.events]
    assert kinds == (["load"] * 4 + ["store"]) * 2
    assert [event[1] for event in core.events if event[0] == "store"] == [0, 95]


@chances
def test_sample(chance):
    cases = [
        (sample(5, 2, (3, b"\x07\0\x09"), (2, b"\xff")), {3: 7, 5: 9, 8: 255}),
        (sample(0, 0), {}),
        (sample(511, 1, (20, b"")), {}),
        (sample(63, 1, (0, bytes(range(1, 21)))), {n: n + 1 for n in range(20)}),
        (sample(1, 0, (0, b""), (19, b"\x01")), {19: 1}),
    ]

    async def main(host, core):
        for payload, pixels in cases:
            entry, label = struct.unpack("<HB", payload[:3])
            status, answer = await host.ask(Command.SAMPLE, payload)
            assert status is Status.OK
            assert core.events[-1] == ("sample", entry, label, tuple(pixels.items()))
            words = default_results(entry, Sample(list(pixels.items()), label))
            assert answer == struct.pack(f"<{len(words)}I", *words)

    assert len(converse(main, chance).events) == len(cases)


@chances
def test_run_keeps_the_sample(chance):
    async def main(host, core):
        await host.ask(Command.SAMPLE, sample(1, 2, (4, b"\x11\x22")))
        # a refused sample has filled the other slot in part; it must not show
        status, _ = await host.ask(Command.SAMPLE, sample(1, 1, (0, b"\x55\x66"), (18, b"\x77")))
        assert status is Status.BAD_ADDRESS
        status, answer = await host.ask(Command.RUN, u16(9))
        words = default_results(9, Sample([(4, 0x11), (5, 0x22)], 2))
        assert (status, answer) == (Status.OK, struct.pack("<9I", *words))
        await host.ask(Command.SAMPLE, sample(2, 0, (6, b"\x01")))
        assert core.events[-1] == ("sample", 2, 0, ((6, 1),))

    assert [event[0] for event in converse(main, chance).events] == ["sample", "run", "sample"]


@chances
def test_counters_seed_reset(chance):
    async def main(host, core):
        core.counters = [1, 2, 3, 4, 5, 6, 7, 8, (1 << 48) - 1]
        assert await host.ask(Command.COUNTERS) == (Status.OK, struct.pack("<9Q", *core.counters))
        assert await host.ask(Command.SEED, u32(0xDEADBEEF)) == (Status.OK, b"")
        assert await host.ask(Command.RESET) == (Status.OK, b"")
        assert await host.ask(Command.COUNTERS) == (Status.OK, bytes(72))

    assert converse(main, chance).events == [("seed", 0xDEADBEEF), ("reset",)]


# refusals -------------------------------------------------------------------------------------------------------------

BAD = [
    (Status.BAD_COMMAND, 0, b""),
    (Status.BAD_COMMAND, 11, b""),
    (Status.BAD_COMMAND, 0x85, sample(0, 0)),
    (Status.BAD_COMMAND, 255, bytes(30)),
    (Status.BAD_LENGTH, Command.IDENTIFY, b"\0"),
    (Status.BAD_LENGTH, Command.LOAD_PROGRAM, b""),
    (Status.BAD_LENGTH, Command.LOAD_PROGRAM, u16(0)),
    (Status.BAD_LENGTH, Command.LOAD_PROGRAM, u16(0) + bytes(15)),
    (Status.BAD_LENGTH, Command.LOAD_PROGRAM, u16(0) + bytes(33)),
    (Status.BAD_LENGTH, Command.WRITE_ROW, u32(0) + row_bytes(1, 2, 3)),
    (Status.BAD_LENGTH, Command.WRITE_ROW, u32(0) + row_bytes(1, 2, 3, 4) + b"\0"),
    (Status.BAD_LENGTH, Command.READ_ROW, b"\0" + u32(0)[:3]),
    (Status.BAD_LENGTH, Command.SAMPLE, u16(0)),
    (Status.BAD_LENGTH, Command.SAMPLE, sample(0, 0) + b"\0"),
    (Status.BAD_LENGTH, Command.SAMPLE, sample(0, 0, (1, b"\x05\x06"))[:-1]),
    (Status.BAD_LENGTH, Command.RUN, b"\0"),
    (Status.BAD_LENGTH, Command.COUNTERS, b"\0"),
    (Status.BAD_LENGTH, Command.SEED, u16(0)),
    (Status.BAD_LENGTH, Command.RESET, b"\0"),
    (Status.BAD_LENGTH, Command.OPEN, b"\0"),
    (Status.BAD_ADDRESS, Command.LOAD_PROGRAM, u16(511) + bytes(32)),
    (Status.BAD_ADDRESS, Command.LOAD_PROGRAM, u16(0xFFFF) + bytes(16)),
    (Status.BAD_ADDRESS, Command.WRITE_ROW, u32(96) + row_bytes(1, 2, 3, 4)),
    (Status.BAD_ADDRESS, Command.WRITE_ROW, u32(1 << 20) + row_bytes(1, 2, 3, 4)),
    (Status.BAD_ADDRESS, Command.READ_ROW, b"\0" + u32(96)),
    (Status.BAD_ADDRESS, Command.READ_ROW, b"\1" + u32(32)),
    (Status.BAD_ADDRESS, Command.READ_ROW, b"\2" + u32(0)),
    (Status.BAD_ADDRESS, Command.SAMPLE, sample(512, 0)),
    (Status.BAD_ADDRESS, Command.SAMPLE, sample(0, 0, (1, bytes(range(1, 21))))),
    (Status.BAD_ADDRESS, Command.SAMPLE, sample(0, 0, (21, b""))),
    (Status.BAD_ADDRESS, Command.RUN, u16(512)),
    (Status.BAD_VALUE, Command.SAMPLE, sample(0, 3, (0, b"\x01"))),
    (Status.BAD_VALUE, Command.WRITE_ROW, u32(0) + row_bytes(1, 2, 3, 8192)),
    (Status.BAD_VALUE, Command.WRITE_ROW, u32(0) + row_bytes(-8193, 2, 3, 4)),
]


@chances
def test_refused_commands_change_nothing(chance):
    async def main(host, core):
        core.weights[0] = [5, 6, 7, 8]
        for expected, command, payload in BAD:
            status, answer = await host.ask(command, payload)
            assert (status, answer) == (expected, b""), f"command {command}, payload {payload.hex(' ')}"
            assert core.events == [], f"command {command}, payload {payload.hex(' ')}"
        status, _ = await host.ask(Command.SEED, u32(1), damage=True)
        assert status is Status.BAD_FRAME
        assert core.events == []
        assert await host.ask(Command.READ_ROW, b"\0" + u32(0)) == (Status.OK, row_bytes(5, 6, 7, 8))

    assert converse(main, chance).events == []


def test_every_status_is_among_the_refusals():
    elsewhere = {Status.BUSY, Status.BAD_FRAME, Status.OUT_OF_ORDER, Status.CLOSED, Status.OVERRUN}
    assert {status for status, _, _ in BAD} == set(Status) - {Status.OK} - elsewhere


@chances
def test_a_refused_command_is_refused_behind_a_good_one_too(chance):
    """What the command before has left in the unit must not help."""
    good = [
        (Command.LOAD_PROGRAM, u16(0) + bytes(16)),
        (Command.WRITE_ROW, u32(0) + row_bytes(1, 2, 3, 4)),
        (Command.READ_ROW, b"\1" + u32(0)),
        (Command.SAMPLE, sample(0, 0, (0, b"\x01"))),
        (Command.RUN, u16(0)),
        (Command.SEED, u32(0)),
    ]
    bad = [BAD[-1], BAD[-2], BAD[-3], *(each for each in BAD if each[0] is Status.BAD_ADDRESS)]

    async def main(host, core):
        for command, payload in good:
            for expected, wrong, its_payload in bad if chance == 1 else bad[:3]:
                status, _ = await host.ask(command, payload)
                assert status is Status.OK
                before = list(core.events)
                assert await host.ask(wrong, its_payload) == (expected, b"")
                assert core.events == before

    converse(main, chance)


@chances
@pytest.mark.parametrize("running", [Command.SAMPLE, Command.RUN])
def test_busy_core_is_left_alone(running, chance):
    async def main(host, core):
        core.hold = True
        first = await host.send(running, sample(2, 1, (0, b"\x09")) if running == Command.SAMPLE else u16(2))
        for _ in range(100):
            await host.context.tick()
        before = list(core.events)
        assert len(before) == 1
        for command, payload in (
            (Command.LOAD_PROGRAM, u16(0) + bytes(16)),
            (Command.WRITE_ROW, u32(0) + row_bytes(1, 2, 3, 4)),
            (Command.READ_ROW, b"\0" + u32(0)),
            (Command.RUN, u16(0)),
            (Command.SEED, u32(1)),
            (Command.RESET, b""),
            (Command.OPEN, b""),
        ):
            assert await host.ask(command, payload) == (Status.BUSY, b"")
            assert core.events == before
        status, _ = await host.ask(Command.IDENTIFY)
        assert status is Status.OK
        status, _ = await host.ask(Command.COUNTERS)
        assert status is Status.OK
        assert core.events == before
        core.hold = False
        ((command, sequence, status, answer),) = await host.replied()
        assert (command, sequence, status, len(answer)) == (running | 0x80, first, Status.OK, 8)
        assert await host.ask(Command.SEED, u32(1)) == (Status.OK, b"")

    converse(main, chance)


# several commands at once ---------------------------------------------------------------------------------------------


@chances
def test_third_sample_waits_while_results_go_out(chance):
    async def main(host, core):
        core.hold = True
        first = [await host.send(Command.SAMPLE, sample(entry, 0, (entry, b"\x01"))) for entry in (1, 2)]
        third = await host.send(Command.SAMPLE, sample(3, 0, (3, b"\x01")))
        for _ in range(300):
            await host.context.tick()
        assert len(core.events) == 2  # the third one waits, and is not answered BUSY
        assert not host.replies
        core.hold = False
        replies = await host.replied(3)
        assert [reply[:3] for reply in replies] == [(0x85, number, Status.OK) for number in (*first, third)]
        assert [len(reply[3]) for reply in replies] == [4, 8, 12]

    converse(main, chance)


def test_sample_waits_for_a_free_slot_whatever_else_is_free():
    async def main(host, core):
        core.shut = True
        await host.context.tick()
        await host.send(Command.SAMPLE, sample(1, 0, (3, b"\x01")))
        for _ in range(100):
            await host.context.tick()
        assert core.events == []
        assert core.filling is None
        core.shut = False
        assert len(await host.replied()) == 1

    assert len(converse(main).events) == 1


@pytest.mark.parametrize("seed", range(6))
def test_any_conversation(seed):
    """Random commands as fast as they go: one reply each, results in order, nothing mixed, nothing lost."""
    rng = random.Random(seed)
    chance = rng.choice([1.0, 0.6])
    sent: dict[int, tuple] = {}

    def choose() -> tuple[Status, int, bytes]:
        kind = rng.randrange(8)
        if kind < 4:
            run = bytes(rng.choice([0, 1, 200]) for _ in range(rng.randrange(12)))
            return Status.OK, Command.SAMPLE, sample(rng.randrange(20), rng.randrange(3), (rng.randrange(9), run))
        if kind < 6:
            return rng.choice([bad for bad in BAD if bad[0] in (Status.BAD_LENGTH, Status.BAD_COMMAND) and bad[1] != 5])
        if kind == 6:
            return Status.OK, Command.COUNTERS, b""
        return Status.OUT_OF_ORDER, rng.choice([Command.SAMPLE, Command.RUN]), u16(rng.randrange(20)) + b"\0"

    async def main(host, core):
        core.run_cycles = rng.choice([1, 30, 150])
        for place in range(40):
            expected, command, payload = choose()
            if expected is Status.OUT_OF_ORDER:
                payload = payload[: 2 if command == Command.RUN else 3]
            # What is no new sample has a number far from those.
            number = None if expected is Status.OK and command == Command.SAMPLE else 100 + place
            sent[await host.send(command, payload, sequence=number)] = (expected, command, payload)
        replies = await host.replied(len(sent))
        assert len({reply[1] for reply in replies}) == len(sent) == 40
        order = []
        for command, sequence, status, answer in replies:
            expected, asked, payload = sent[sequence]
            assert command == asked | 0x80
            assert status is expected
            if status is Status.OK and asked in (Command.SAMPLE, Command.RUN):
                order.append(sequence)
                assert len(answer) == 4 * struct.unpack("<H", payload[:2])[0]
            elif status is not Status.OK:
                assert answer == b""
        assert order == sorted(order)
        assert len(order) == len(core.events)

    converse(main, chance, seed)


def test_result_replies_carry_their_own_results():
    async def main(host, core):
        core.run_cycles = 3
        payloads = [sample(7, n % 3, (n, bytes([n + 1]))) for n in range(10)]
        for payload in payloads:
            await host.send(Command.SAMPLE, payload)
        for n, (*_, answer) in enumerate(await host.replied(10)):
            words = default_results(7, Sample([(n, n + 1)], n % 3))
            assert answer == struct.pack("<7I", *words)

    converse(main)


# faults of the line ---------------------------------------------------------------------------------------------------


async def ticks(host: Host, count: int) -> None:
    for _ in range(count):
        await host.context.tick()


def test_a_core_that_was_reset_takes_nothing_that_changes_it():
    async def main(host, core):
        for command, payload in GOOD:
            assert await host.ask(command, payload) == (Status.CLOSED, b"")
        assert (await host.ask(Command.IDENTIFY))[1][-1] == 0
        assert (await host.ask(Command.COUNTERS))[0] is Status.OK
        assert (await host.ask(Command.READ_ROW, b"\0" + u32(0)))[0] is Status.OK
        for sequence in (255, 254, 1):
            assert await host.ask(Command.OPEN, sequence=sequence) == (Status.CLOSED, b"")
        assert core.events == []
        await host.open()
        assert core.events == [("reset",)]
        for command, payload in GOOD:
            assert (await host.ask(command, payload))[0] is Status.OK

    converse(main, closed=True)


GOOD = [
    (Command.LOAD_PROGRAM, u16(0) + bytes(16)),
    (Command.WRITE_ROW, u32(0) + row_bytes(1, 2, 3, 4)),
    (Command.SAMPLE, sample(2, 0, (0, b"\x01"))),
    (Command.RUN, u16(3)),
    (Command.SEED, u32(7)),
    (Command.RESET, b""),
]


@chances
def test_a_repeated_command_changes_nothing_and_is_answered(chance):
    async def main(host, core):
        earlier: list[tuple[int, int, bytes, tuple[Status, bytes]]] = []
        for command, payload in (*GOOD, *GOOD[::-1], GOOD[2], GOOD[2], GOOD[3], GOOD[3]):
            sequence = host.following
            answer = await host.ask(command, payload)
            assert answer[0] is Status.OK
            earlier = [*earlier[-1:], (sequence, command, payload, answer)]
            before = list(core.events)
            for _ in range(2):
                for its_number, its_command, its_payload, its_answer in (*earlier, *earlier[::-1]):
                    assert await host.ask(its_command, its_payload, sequence=its_number) == its_answer
            assert core.events == before
            assert (await host.ask(Command.IDENTIFY))[1][-1] == host.following

    converse(main, chance)


@chances
def test_a_gap_is_refused_and_nothing_is_skipped(chance):
    async def main(host, core):
        for _ in range(260):  # round the numbers once
            await host.ask(Command.RESET)
        core.events.clear()
        for distance in (1, 2, 100, 128, 252, 253):
            sequence = host.following + distance & 0xFF
            for command, payload in GOOD:
                assert await host.ask(command, payload, sequence=sequence) == (Status.OUT_OF_ORDER, b"")
        assert core.events == []
        assert (await host.ask(Command.SAMPLE, GOOD[2][1]))[0] is Status.OK

    assert len(converse(main, chance).events) == 1


@chances
def test_a_sample_that_comes_again_before_its_results_is_not_used_twice(chance):
    async def main(host, core):
        core.hold = True
        numbers = [await host.send(Command.SAMPLE, sample(entry, 0, (entry, b"\x01"))) for entry in (1, 2)]
        await ticks(host, 100)
        for _ in range(2):
            for number, entry in zip(numbers, (1, 2), strict=True):
                again = sample(entry, 0, (entry, b"\x01"))
                assert await host.ask(Command.SAMPLE, again, sequence=number) == (Status.BUSY, b"")
        core.hold = False
        replies = await host.replied(2)
        assert [(reply[1], len(reply[3])) for reply in replies] == [(numbers[0], 4), (numbers[1], 8)]
        for number, reply in zip(numbers, replies, strict=True):
            assert await host.ask(Command.SAMPLE, sample(1, 0), sequence=number) == reply[2:]

    assert len(converse(main, chance).events) == 2


def test_kept_results_survive_the_next_program():
    """The reply to the older of two samples can be had again while the younger one is at work, and after it."""

    async def main(host, core):
        core.run_cycles = 40
        first = await host.send(Command.SAMPLE, sample(9, 0, (1, b"\x01")))
        await host.send(Command.SAMPLE, sample(11, 1, (2, b"\x02")))
        ((_, number, _, answer),) = await host.replied(1)
        assert number == first
        core.hold = True
        await ticks(host, 50)
        assert await host.ask(Command.SAMPLE, sample(9, 0), sequence=first) == (Status.OK, answer)
        core.hold = False
        assert len(await host.replied(1)) == 1
        assert await host.ask(Command.SAMPLE, sample(9, 0), sequence=first) == (Status.OK, answer)

    assert len(converse(main).events) == 2


def test_overrun():
    async def main(host, core):
        core.overrun = True
        sequence = await host.send(Command.RUN, u16(9))
        assert await host.replied() == [(0x86, sequence, Status.OVERRUN, b"")]
        assert await host.ask(Command.RUN, u16(9), sequence=sequence) == (Status.OVERRUN, b"")
        core.overrun = False
        assert (await host.ask(Command.RUN, u16(9)))[0] is Status.OK

    assert len(converse(main).events) == 2


@pytest.mark.parametrize("seed", range(4))
def test_any_faults(seed):
    """A host that sends again whatever it has no answer to, on a line that loses, repeats and swaps frames.

    Every sample is used once, in order, whatever else comes between.
    """
    rng = random.Random(seed)
    payloads = [sample(rng.randrange(1, 9), 0, (n % 20, bytes([n + 1]))) for n in range(60)]

    async def main(host, core):
        core.run_cycles = rng.choice([1, 30, 150])
        first, answers = host.following, {}
        old: list[tuple[int, bytes]] = []
        while len(answers) < len(payloads):
            due = [n for n in range(len(answers), len(payloads)) if n not in answers][:2]
            for n in due:
                frame = (first + n & 0xFF, payloads[n])
                old.append(frame)
                if rng.random() < 0.7:
                    await host.send(Command.SAMPLE, frame[1], sequence=frame[0])
                if rng.random() < 0.5:  # one of the frames sent before, however late
                    number, payload = rng.choice(old[-100:])
                    await host.send(Command.SAMPLE, payload, sequence=number)
                if rng.random() < 0.2:
                    await host.send(Command.SAMPLE, frame[1], damage=True)
            await ticks(host, rng.choice([0, 100, 400]))
            for _, number, status, answer in await host.replied(len(host.replies)):
                n = number - first & 0xFF
                if status is Status.OK and n in due and rng.random() < 0.8 and n == len(answers):
                    answers[n] = answer
        await ticks(host, 800)
        host.replies.clear()
        used = [event[3] for event in core.events]
        assert used == [((n % 20, n + 1),) for n in range(len(payloads))]
        for n, payload in enumerate(payloads):
            entry = payload[0]
            words = default_results(entry, Sample([(n % 20, n + 1)], 0))
            assert answers[n] == struct.pack(f"<{entry}I", *words)

    converse(main, seed=seed)


# time -----------------------------------------------------------------------------------------------------------------


def latency(command: int, payload: bytes, shown: Any, *, damage: bool = False) -> int:
    """Cycles from ``frame`` valid to ``shown``."""
    cycles = []

    async def main(host, core):
        await host.send(Command.OPEN)
        await until(host.context, BENCH.dut.unit.o.valid & BENCH.dut.unit.o.payload.last)
        await host.send(command, payload, damage=damage)
        await host.context.tick()
        assert host.context.get(BENCH.dut.unit.frame.valid)
        cycles.append(await until(host.context, shown))

    core = CoreModel(TINY, BENCH.dut.core)

    async def run(context):
        await main(Host(context, []), core)

    BENCH.run(run, collect(BENCH.dut.o, []), core)
    return cycles[0]


def test_latency():
    unit = BENCH.dut.unit
    for command, payload in ((99, b""), (Command.SEED, b"")):
        assert latency(command, payload, unit.o.valid) == 5
    assert latency(Command.SEED, bytes(4), unit.o.valid, damage=True) == 5
    for command, payload, arguments in (
        (Command.RUN, u16(512), 2),
        (Command.SAMPLE, sample(0, 9, (0, b"\x01")), 3),
        (Command.WRITE_ROW, u32(96) + row_bytes(1, 2, 3, 4), 4),
        (Command.READ_ROW, b"\2" + u32(0), 5),
    ):
        assert latency(command, payload, unit.o.valid) == arguments + 7
    assert latency(Command.RUN, u16(0), unit.core.run.valid) == 7
    for segments in ((), ((0, b"\x01\x02"),), ((2, b"\0\0\0"), (1, b"\x02"))):
        payload = sample(0, 0, *segments)
        assert latency(Command.SAMPLE, payload, unit.core.sample.valid) == len(payload) + len(segments) + (
            6 if segments else 5
        )
