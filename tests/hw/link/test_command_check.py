"""Which commands are legal, at every limit."""

from __future__ import annotations

from collections.abc import Callable

import pytest
from amaranth.sim import Simulator

from onward.hw.link.command_check import ARGUMENT_BYTES, CommandCheck
from onward.hw.spec.config import CoreConfig
from onward.hw.spec.presets import PRESETS
from onward.hw.spec.protocol import Command, Status

# No size is a power of two, so that no limit is right by chance.
ODD = CoreConfig(name="odd", inputs=20, hidden=(4,), classes=5, lanes=6, rows=70_000, group=2, vectors=11, program=300)
COMPACT = PRESETS["icebreaker-compact"]


def kinds(config: CoreConfig, cases: list[tuple[dict, bool, bytes]]) -> list[tuple[int, int]]:
    """(fresh, repeated) of each."""
    return judge(config, cases, lambda context, dut: (context.get(dut.fresh), context.get(dut.repeated)))


def judge(config: CoreConfig, cases: list[tuple[dict, bool, bytes]], look: Callable | None = None) -> list[tuple]:
    """(header status, argument status) of each (header, busy, arguments), or what ``look`` sees."""
    dut = CommandCheck(config)
    seen = []

    async def main(context):
        for header, busy, argument in cases:
            frame = {name: value for name, value in header.items() if name not in ("next", "open")}
            context.set(dut.header, {"bad": 0, "sequence": 9, "command": 0, "length": 0} | frame)
            context.set(dut.busy, busy)
            context.set(dut.next, header.get("next", 9))
            context.set(dut.open, header.get("open", 1))
            context.set(dut.argument, int.from_bytes(argument, "little") << (40 - 8 * len(argument)))
            await context.tick().repeat(2)
            statuses = Status(context.get(dut.header_status)), Status(context.get(dut.argument_status))
            seen.append(look(context, dut) if look else statuses)
            if Status(context.get(dut.header_status)) is Status.OK:
                assert context.get(dut.argument_bytes) == ARGUMENT_BYTES.get(header["command"], 0)

    simulator = Simulator(dut)
    simulator.add_clock(1e-6)
    simulator.add_testbench(main)
    simulator.run()
    return seen


def right_length(config: CoreConfig, command: Command, length: int) -> bool:
    """As docs/protocol.md has it."""
    return {
        Command.IDENTIFY: length == 0,
        Command.LOAD_PROGRAM: length >= 18 and (length - 2) % 16 == 0,
        Command.WRITE_ROW: length == 4 + 2 * config.lanes,
        Command.READ_ROW: length == 5,
        Command.SAMPLE: length >= 3,
        Command.RUN: length == 2,
        Command.COUNTERS: length == 0,
        Command.SEED: length == 4,
        Command.RESET: length == 0,
        Command.OPEN: length == 0,
    }[command]


@pytest.mark.parametrize("config", [ODD, PRESETS["tiny"], PRESETS["icebreaker"]], ids=lambda config: config.name)
def test_commands_and_lengths(config):
    cases = [({"command": command, "length": length}, False, b"") for command in range(12) for length in range(260)]
    cases += [({"command": command, "length": 0}, False, b"") for command in range(256)]
    for (header, _, _), (status, _) in zip(cases, judge(config, cases), strict=True):
        if header["command"] not in set(Command):
            expected = Status.BAD_COMMAND
        elif right_length(config, Command(header["command"]), header["length"]):
            expected = Status.OK
        else:
            expected = Status.BAD_LENGTH
        assert status is expected, header


LENGTHS = {
    Command.IDENTIFY: 0,
    Command.LOAD_PROGRAM: 18,
    Command.WRITE_ROW: 4 + 2 * ODD.lanes,
    Command.READ_ROW: 5,
    Command.SAMPLE: 3,
    Command.RUN: 2,
    Command.COUNTERS: 0,
    Command.SEED: 4,
    Command.RESET: 0,
    Command.OPEN: 0,
}


@pytest.mark.parametrize(
    ("config", "always"),
    [(ODD, {Command.IDENTIFY, Command.SAMPLE, Command.COUNTERS}), (COMPACT, {Command.IDENTIFY, Command.SAMPLE})],
    ids=["full", "compact"],
)
def test_busy(config, always):
    lengths = LENGTHS | {Command.WRITE_ROW: 4 + 2 * config.lanes}
    commands = [{"command": command, "length": length} for command, length in lengths.items()]
    statuses = [status for status, _ in judge(config, [(command, True, b"") for command in commands])]
    assert {command for command, status in zip(lengths, statuses, strict=True) if status is Status.OK} == always
    assert set(statuses) == {Status.OK, Status.BUSY}


def test_order_of_reasons():
    cases = [
        ({"bad": 1, "command": 0, "length": 7}, True, b""),
        ({"command": 99, "length": 7}, True, b""),
        ({"command": Command.RUN, "length": 7}, True, b""),
        ({"command": Command.RUN, "length": 2, "sequence": 90, "open": 0}, True, b"\xff\xff"),
        ({"command": Command.RUN, "length": 2, "sequence": 90}, True, b"\xff\xff"),
        ({"command": Command.RUN, "length": 2}, True, b"\xff\xff"),
    ]
    expected = [
        *(Status.BAD_FRAME, Status.BAD_COMMAND, Status.BAD_LENGTH),
        *(Status.CLOSED, Status.OUT_OF_ORDER, Status.BUSY),
    ]
    assert [status for status, _ in judge(ODD, cases)] == expected


@pytest.mark.parametrize("following", [0, 1, 2, 7, 128, 254, 255])
def test_numbers(following):
    """The next one is fresh, the two before it are repeated, all others out of order; the numbers wrap."""
    for command in Command:
        frames = [
            ({"command": command, "length": LENGTHS[command], "sequence": number, "next": following}, False, b"")
            for number in range(256)
        ]
        for (header, _, _), (status, _), flags in zip(frames, judge(ODD, frames), kinds(ODD, frames), strict=True):
            behind = (following - header["sequence"]) % 256
            if command in (Command.IDENTIFY, Command.COUNTERS, Command.READ_ROW):
                assert (status, *flags) == (Status.OK, 0, 0)
            elif behind > 2:
                assert status is Status.OUT_OF_ORDER
                assert flags == (0, 0)
            else:
                assert (status, *flags) == (Status.OK, behind == 0, behind != 0)


def test_a_repeated_command_is_not_refused_by_a_busy_core():
    for command in (Command.WRITE_ROW, Command.RUN, Command.SEED, Command.RESET):
        frames = [
            ({"command": command, "length": LENGTHS[command], "sequence": n, "next": 9}, True, b"") for n in (7, 8)
        ]
        assert {status for status, _ in judge(ODD, frames)} == {Status.OK}


def test_closed():
    """A core that has been reset takes no ordered command but the OPEN whose number is due."""
    for command in Command:
        header = {"command": command, "length": LENGTHS[command], "next": 0, "open": 0}
        frames = [(header | {"sequence": number}, False, b"") for number in (0, 255, 254, 1, 128)]
        statuses = [status for status, _ in judge(ODD, frames)]
        if command in (Command.IDENTIFY, Command.COUNTERS, Command.READ_ROW):
            assert statuses == [Status.OK] * 5
        elif command is Command.OPEN:
            assert statuses == [Status.OK] + [Status.CLOSED] * 4
        else:
            assert statuses == [Status.CLOSED] * 5


def u(value: int, size: int) -> bytes:
    return value.to_bytes(size, "little")


@pytest.mark.parametrize(
    ("command", "arguments", "right"),
    [
        *((Command.RUN, u(entry, 2), entry < 300) for entry in (0, 299, 300, 511, 512, 4096, 0xFFFF)),
        *((Command.WRITE_ROW, u(row, 4), row < 70_000) for row in (0, 69_999, 70_000, 1 << 20, 1 << 31, 0xFFFFFFFF)),
        *((Command.READ_ROW, b"\0" + u(row, 4), row < 70_000) for row in (0, 69_999, 70_000, 1 << 20, 0x01000000)),
        *((Command.READ_ROW, b"\1" + u(row, 4), row < 11) for row in (0, 10, 11, 256, 69_999, 0x01000000)),
        *((Command.READ_ROW, u(space, 1) + u(0, 4), space < 2) for space in (0, 1, 2, 3, 128, 129, 255)),
        *((Command.SAMPLE, u(entry, 2) + b"\0", entry < 300) for entry in (0, 299, 300, 512, 0x1000, 0xFFFF)),
    ],
)
def test_addresses(command, arguments, right):
    ((_, status),) = judge(ODD, [({"command": command, "length": LENGTHS[command]}, False, arguments)])
    assert status is (Status.OK if right else Status.BAD_ADDRESS)


@pytest.mark.parametrize(
    ("address", "count"), [(0, 1), (299, 1), (300, 1), (0, 15), (285, 15), (286, 15), (0xFFFF, 1), (0xFFFF, 15)]
)
def test_program_range(address, count):
    header = {"command": Command.LOAD_PROGRAM, "length": 2 + 16 * count}
    ((_, status),) = judge(ODD, [(header, False, u(address, 2))])
    assert status is (Status.OK if address + count <= 300 else Status.BAD_ADDRESS)


def test_labels():
    cases = [({"command": Command.SAMPLE, "length": 3}, False, b"\0\0" + u(label, 1)) for label in range(256)]
    statuses = [status for _, status in judge(ODD, cases)]
    assert statuses == [Status.OK] * 5 + [Status.BAD_VALUE] * 251


def test_no_argument_no_complaint():
    cases = [({"command": command, "length": 0}, False, b"\xff" * 5) for command in (1, 7, 8, 9)]
    assert {status for _, status in judge(ODD, cases)} == {Status.OK}
