"""Situations are counted under the names that they are expected by."""

from __future__ import annotations

import json
from pathlib import Path

import numpy as np

from onward.hw.spec.isa import Instruction, Op, Source, Store
from onward.hw.spec.presets import PRESETS
from onward.hw.spec.protocol import COUNTERS, Command, Status
from onward.sim.coverage.bins import Bins, all_bins

TINY = PRESETS["tiny"]


def test_instructions_up_to_the_end() -> None:
    program = [
        Instruction(Op.MUL),
        Instruction(Op.UPD, source=Source.RESIDUAL, neg=1, p1i=2),
        Instruction(Op.ST, store=Store.STEP),
        Instruction(Op.END),
        Instruction(Op.EXP),
    ]
    bins = Bins()
    bins.program(program, 1)
    assert set(bins.met) == {
        "instruction: UPD",
        "instruction: UPD from RESIDUAL",
        "instruction: UPD with neg",
        "instruction: UPD with p1i",
        "instruction: ST",
        "instruction: ST as STEP",
        "instruction: END",
    }


def test_everything_counted_is_expected(tmp_path: Path) -> None:
    bins = Bins()
    for op in Op:
        bins.program([Instruction(op, source=source, neg=1) for source in Source] + [Instruction(Op.END)], 0)
    for values in ([TINY.weight.min] * 4, [TINY.weight.max] * 4, [0, 1, 2, 3]):
        bins.row(np.array(values), TINY)
    bins.vector(np.zeros(4))
    bins.vector(np.ones(4))
    bins.sample(np.array([255] * TINY.inputs), TINY.inputs)
    bins.sample(np.array([]), TINY.inputs)
    bins.counters(dict.fromkeys(COUNTERS, 1))
    for status in Status:
        bins.link(Command.RUN, status)
    bins.write(tmp_path / "bins.json")
    met = json.loads((tmp_path / "bins.json").read_text())
    assert set(met) <= set(all_bins())
    assert met["status: BUSY"] == 1 and met["command: RUN"] == 1
    assert met["row: all max"] == met["row: all min"] == met["sample: all zero"] == met["sample: no zero"] == 1
    assert met["vector: zero"] == met["vector: no zero"] == met["sample: brightest pixel"] == 1
    assert {name for name in all_bins() if name.startswith(("saturation", "weight", "vector", "sample"))} <= set(met)


def test_names_are_different() -> None:
    assert len(set(all_bins())) == len(all_bins())
