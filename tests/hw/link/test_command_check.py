"""Which commands are legal, at every limit."""

from __future__ import annotations

import pytest
from amaranth.sim import Simulator

from onward.hw.link.command_check import ARGUMENT_BYTES, CommandCheck
from onward.hw.spec.config import CoreConfig
from onward.hw.spec.presets import PRESETS
from onward.hw.spec.protocol import Command, Status

# No size is a power of two, so that no limit is right by chance.
ODD = CoreConfig(name="odd", inputs=20, hidden=(4,), classes=5, lanes=6, rows=70_000, group=2, vectors=11, program=300)


def judge(config: CoreConfig, cases: list[tuple[dict, bool, bytes]]) -> list[tuple[Status, Status]]:
    """(header status, argument status) of each (header, busy, arguments)."""
    dut = CommandCheck(config)
    seen = []

    async def main(context):
        for header, busy, argument in cases:
            context.set(dut.header, {"bad": 0, "sequence": 9, "command": 0, "length": 0} | header)
            context.set(dut.busy, busy)
            context.set(dut.argument, int.from_bytes(argument, "little") << (40 - 8 * len(argument)))
            seen.append((Status(context.get(dut.header_status)), Status(context.get(dut.argument_status))))
            if Status(context.get(dut.header_status)) is Status.OK:
                assert context.get(dut.argument_bytes) == ARGUMENT_BYTES.get(header["command"], 0)

    simulator = Simulator(dut)
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
}


def test_busy():
    commands = [{"command": command, "length": length} for command, length in LENGTHS.items()]
    statuses = [status for status, _ in judge(ODD, [(command, True, b"") for command in commands])]
    served = {command for command, status in zip(LENGTHS, statuses, strict=True) if status is Status.OK}
    assert served == {Command.IDENTIFY, Command.COUNTERS, Command.SAMPLE}
    assert set(statuses) == {Status.OK, Status.BUSY}


def test_order_of_reasons():
    cases = [
        ({"bad": 1, "command": 0, "length": 7}, True, b""),
        ({"command": 99, "length": 7}, True, b""),
        ({"command": Command.RUN, "length": 7}, True, b""),
        ({"command": Command.RUN, "length": 2}, True, b"\xff\xff"),
    ]
    expected = [Status.BAD_FRAME, Status.BAD_COMMAND, Status.BAD_LENGTH, Status.BUSY]
    assert [status for status, _ in judge(ODD, cases)] == expected


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
