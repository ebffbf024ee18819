"""The simulated board stands hostile frames and programs, and a board that does not is noticed."""

from __future__ import annotations

import random
from typing import Any

import numpy as np
import pytest

from onward.hw.spec.presets import PRESETS
from onward.sw.driver import frames
from onward.sw.driver.link_board import LinkBoard
from onward.sw.fuzz import device
from onward.sw.fuzz.device import fuzz_device
from onward.sw.fuzz.hostile_frames import HostileFrames

TINY = PRESETS["tiny"]
pytestmark = pytest.mark.xdist_group("sim-tiny")


def test_a_board_stands_hostile_frames_and_programs() -> None:
    done: list[int] = []
    report = fuzz_device(TINY, 1000, 30, seed=5, progress=done.append)
    assert not report.crashes
    assert report.frames >= 1000 and report.programs == 30
    assert report.readings >= 2 and report.trainings >= 2 and report.ended >= 10
    assert {"OK", "BAD_FRAME", "BAD_COMMAND", "BAD_LENGTH", "BAD_ADDRESS"} <= set(report.statuses)
    assert done[-1] == report.frames + 30 or done[-1] == 1030


def test_the_same_seed_does_the_same() -> None:
    first, second = (fuzz_device(TINY, 300, 5, seed=6) for _ in range(2))
    assert (first.cycles, first.statuses, first.ended) == (second.cycles, second.statuses, second.ended)


def test_a_changed_weight_is_noticed(monkeypatch: pytest.MonkeyPatch) -> None:
    # A frame that acts, which the filter should have held back.
    monkeypatch.setattr(HostileFrames, "_acts", lambda self, body: False)
    original = HostileFrames._draw

    def draw(self: HostileFrames) -> bytes:
        if self._rng.random() < 0.01:
            return frames.encode_frame(3, self._sequence(3), frames.row_payload(7, np.ones(TINY.lanes, np.int32)))
        return original(self)

    monkeypatch.setattr(HostileFrames, "_draw", draw)
    report = fuzz_device(TINY, 600, 0, seed=7)
    assert "weight row 7, lane 0 has become 1" in report.crashes[0]


def test_silence_is_noticed(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(device, "frames_in", lambda data: [b"one more"] * 9)
    report = fuzz_device(TINY, 100, 0, seed=8)
    assert "has ended no frame within 200,000 cycles" in report.crashes[0]


def test_a_training_that_differs_is_noticed(monkeypatch: pytest.MonkeyPatch) -> None:
    original = LinkBoard.seed

    def seed(self: Any, value: int) -> None:
        original(self, value ^ 2)

    monkeypatch.setattr(LinkBoard, "seed", seed)
    report = fuzz_device(TINY, 1, 1, seed=9)
    assert "differs from the golden model's" in report.crashes[0]


def test_a_program_memory_that_changes_is_noticed(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(frames, "parse_results", lambda payload: np.array([1 << 17]))
    monkeypatch.setattr(device, "hostile_words", lambda config, rng: [0])
    report = fuzz_device(TINY, 1, 1, seed=random.randrange(100))
    assert "the program memory has changed" in report.crashes[0]
