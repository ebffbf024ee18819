"""Hostile frames are hostile, and those that would rightly change something are held back."""

from __future__ import annotations

import random
from collections import Counter

import numpy as np
import pytest

from onward.hw.spec.presets import PRESETS
from onward.hw.spec.protocol import Command
from onward.sw.driver import frames
from onward.sw.fuzz.hostile_frames import HostileFrames, _bodies, frames_in
from onward.sw.fuzz.hostile_programs import harmless_words

TINY = PRESETS["tiny"]
ROWS = np.arange(TINY.rows * TINY.lanes, dtype=np.int32).reshape(TINY.rows, TINY.lanes)
WORDS = harmless_words(TINY, 1)


def source(seed: int = 1) -> HostileFrames:
    return HostileFrames(TINY, random.Random(seed), ROWS, WORDS)


def test_frames_of_every_kind() -> None:
    made = source()
    data = b"".join(made.next() for _ in range(3000))
    bodies = list(_bodies(data))
    commands = Counter(body[0] for body in bodies)
    assert all(commands[command] > 20 for command in Command)
    assert sum(count for command, count in commands.items() if command not in set(Command)) > 20
    assert 500 < len(bodies) < len(frames_in(data)) - 500


def test_nothing_that_is_sent_acts() -> None:
    made = source(2)
    data = b"".join(made.next() for _ in range(3000))
    writes = loads = 0
    for body in _bodies(data):
        if body[0] == Command.WRITE_ROW and len(body) == 6 + 2 * TINY.lanes:
            row = int.from_bytes(body[2:6], "little")
            writes += 1
            assert row >= TINY.rows or np.array_equal(np.frombuffer(body[6:], "<i2"), ROWS[row])
        if body[0] == Command.LOAD_PROGRAM and len(body) in (20, 36, 52):
            address = int.from_bytes(body[2:4], "little")
            words = [int.from_bytes(body[at : at + 16], "little") for at in range(4, len(body), 16)]
            loads += 1
            assert words == WORDS[address : address + len(words)]
    assert writes > 20 and loads > 20


@pytest.mark.parametrize(
    ("command", "payload"),
    [
        (Command.WRITE_ROW, frames.row_payload(3, ROWS[4])),
        (Command.LOAD_PROGRAM, frames.program_payload(5, [WORDS[5], 1 << 77])),
        (Command.LOAD_PROGRAM, frames.program_payload(TINY.program - 1, [1])),
    ],
)
def test_what_acts_is_known(command: Command, payload: bytes) -> None:
    assert source()._acts(bytes((command, 0)) + payload)


def test_a_frame_that_was_begun_is_ended() -> None:
    made = source(3)
    for _ in range(300):
        assert made.finish(made.next()).endswith((b"\0", b"")) and made._begun == b""
