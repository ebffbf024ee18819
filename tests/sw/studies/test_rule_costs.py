"""Measured costs of a rule, beside their formulas."""

from __future__ import annotations

from collections.abc import Callable

import numpy as np
import pytest

from onward.hw.spec.config import ConfigError
from onward.hw.spec.presets import PRESETS
from onward.hw.spec.protocol import Command
from onward.sw.driver.frames import encode_frame, sample_payload
from onward.sw.driver.golden_board import GoldenBoard
from onward.sw.driver.rules import RULES
from onward.sw.golden.sample import Batch
from onward.sw.programs.footprint import footprint
from onward.sw.programs.liveness import live_state
from onward.sw.studies.rule_costs import RuleCosts, link_bytes, program_sizes
from tests.sw.driver.driver_data import TINY, batch_of


def costs_of(rule: str, board: str, seen: Callable[[int], None] = lambda done: None) -> dict:
    costs = RuleCosts(TINY, RULES[rule], RULES[rule].parameters)
    rows = RULES[rule].initial_weights(costs.programs()["train"], 1)
    return costs.figures(board, rows, batch_of(8), 3, seen)


def test_golden_knows_no_cycles() -> None:
    seen: list[int] = []
    report = costs_of("bp", "golden", seen.append)
    assert (report["board"], report["samples"], report["seed"], report["differences"]) == ("golden", 8, 3, [])
    assert seen[-1] == 16
    for entry in ("train", "infer"):
        for name in ("cycles", "utilisation", "bytes_to_core", "bytes_from_core"):
            assert report[entry][name]["measured"] is None
            assert report[entry][name]["formula"] > 0
        for name in ("row_reads", "busy_cycles"):
            figure = report[entry][name]
            assert figure["measured"] == pytest.approx(figure["formula"], rel=0.02)
    assert report["infer"]["row_writes"]["measured"] == report["infer"]["row_writes"]["formula"] == 0
    # Two words of units: pixels are passed over twice forwards and twice backwards.
    assert report["train"]["row_reads"]["text"].startswith("4 x + ")
    assert set(report["train"]["matrices"]["writes"]) == {"W1", "b1", "W2", "b2", "R"}


@pytest.mark.parametrize("rule", ["ff", "sigprop", "bp", "dfa"])
def test_formulas_are_near_what_the_simulated_core_counts(rule: str) -> None:
    report = costs_of(rule, "sim")
    assert report["differences"] == []
    for entry in ("train", "infer"):
        for name in ("cycles", "busy_cycles", "row_reads", "row_writes"):
            figure = report[entry][name]
            assert figure["measured"] == pytest.approx(figure["formula"], rel=0.06), (entry, name)
        for name in ("bytes_to_core", "bytes_from_core"):
            assert report[entry][name]["measured"] == report[entry][name]["formula"]


def test_differences_are_told(monkeypatch: pytest.MonkeyPatch) -> None:
    read = GoldenBoard.read_weights
    monkeypatch.setattr(GoldenBoard, "read_weights", lambda board, rows=None: read(board, rows) + 1)
    assert costs_of("bp", "sim")["differences"] == ["train: weights", "infer: weights"]


def test_what_does_not_fit() -> None:
    with pytest.raises(ConfigError, match="codes must be at most"):
        costs_of("pff", "golden")


def test_link_bytes_are_those_of_the_encoding() -> None:
    random = np.random.default_rng(1)
    images = (random.integers(1, 256, (40, 60)) * (random.random((40, 60)) < random.random((40, 1)))).astype(np.uint8)
    images[0] = 0
    frames = [encode_frame(Command.SAMPLE, 1, sample_payload(image, 0, 0)) for image in images]
    batch = Batch.from_images(images, np.zeros(40, np.uint8))
    assert link_bytes(batch) == sum(map(len, frames)) / 40


def test_sizes() -> None:
    core = PRESETS["ulx3s-85f"]
    program = RULES["ff"].build(core, RULES["ff"].parameters)
    sizes, state = program_sizes(program), footprint(program, "train")
    assert sizes["weight_rows"] == program.map.used
    # 871 rows take two blocks deep of 8 wide words.
    assert sizes["weight_blocks"] % 8 == 0
    assert (sizes["vectors"], sizes["state_bits"]) == (state.vectors, state.state_bits)
    assert sizes["live_bits"] == live_state(program, "train").bits < sizes["state_bits"]
