"""Formulas of rows read and written, against what the golden model counts."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest

from onward.hw.spec.isa import Op, Source
from onward.hw.spec.presets import PRESETS
from onward.sw.driver.batches import window
from onward.sw.driver.golden_board import GoldenBoard
from onward.sw.driver.rules import RULES
from onward.sw.golden.sample import Batch
from onward.sw.programs.assembler import Assembler
from onward.sw.programs.timing import Load
from onward.sw.programs.traffic import RowTraffic, Traffic, row_traffic
from onward.sw.studies.load import measure_load

CORE = PRESETS["tiny"]


def test_text() -> None:
    assert Traffic().text() == "0"
    assert Traffic(2, 384, 10, 0, 57).text() == "2 x + 384 a + 10 e + 57"
    assert Traffic(1, 1, 0, 3, 0).text() == "x + a + 3 r"


def test_rows() -> None:
    load = Load(pixels=0.25, active=0.5, elements=0.1, residual=0.75)
    assert Traffic(2, 30, 20, 4, 7).rows(load, 100) == 2 * 25 + 15 + 2 + 3 + 7
    assert Traffic(1, 2, 3, 4, 5) + Traffic(10, 20, 30, 40, 50) == Traffic(11, 22, 33, 44, 55)


def traffic(op: Op, **fields: int) -> RowTraffic:
    asm = Assembler(CORE)
    matrix = asm.map.add("W", 20, 8)
    asm.entry("train")
    asm.emit(op, **fields, row=matrix.row(0))
    asm.emit(Op.END)
    return row_traffic(asm.assemble(), "train")


@pytest.mark.parametrize(
    ("op", "fields", "rows"),
    [
        (Op.MAC, {"source": Source.SAMPLE, "n": 20, "init": 1}, Traffic(passes=1)),
        (Op.MAC, {"source": Source.VECTOR, "n": 8, "init": 1}, Traffic(vectors=8)),
        (Op.MAC, {"source": Source.ELEMENTS, "n": 3, "init": 1}, Traffic(elements=3)),
        (Op.MAC, {"source": Source.RESIDUAL, "n": 20, "init": 1}, Traffic(residuals=20)),
        (Op.MAC, {"source": Source.CONST, "n": 1, "init": 1}, Traffic(fixed=1)),
        (Op.ROWS, {"n": 3, "tiles": 2, "imm": 20, "init": 1}, Traffic(fixed=6)),
        (Op.LMAC, {"init": 1}, Traffic(fixed=2)),
    ],
)
def test_products_read(op: Op, fields: dict[str, int], rows: Traffic) -> None:
    assert traffic(op, **fields) == RowTraffic({"W": rows}, {})


@pytest.mark.parametrize(
    ("op", "fields", "rows"),
    [
        (Op.UPD, {"source": Source.VECTOR, "n": 8}, Traffic(vectors=8)),
        (Op.UPD, {"source": Source.SAMPLE, "n": 20}, Traffic(passes=1)),
        (Op.LUPD, {}, Traffic(fixed=2)),
    ],
)
def test_updates_read_and_write(op: Op, fields: dict[str, int], rows: Traffic) -> None:
    assert traffic(op, **fields) == RowTraffic({"W": rows}, {"W": rows})


@pytest.mark.parametrize("rule", ["ff", "sigprop", "bp", "dfa"])
@pytest.mark.parametrize("entry", ["train", "infer"])
def test_formula_is_what_the_golden_model_counts(rule: str, entry: str) -> None:
    config = replace(CORE, hidden=(9, 6), rows=300, vectors=100, elements=200, program=1024)
    program = RULES[rule].build(config, RULES[rule].parameters)
    rows = RULES[rule].initial_weights(program, 1)
    random = np.random.default_rng(2)
    images = (random.integers(0, 256, (12, 20)) * (random.random((12, 20)) < 0.6)).astype(np.uint8)
    batch = Batch.from_images(images, random.integers(0, 3, 12).astype(np.uint8))
    board = GoldenBoard(config)
    board.load_program(program)
    board.write_weights(rows)
    board.seed(4)
    if entry == "infer" and "prepare" in program.entries:
        board.run("prepare", window(batch, 0, 1))
    board.reset()
    board.run(entry, batch)
    counted = board.counters()
    load = measure_load(program, entry, rows, batch, 4)
    formula = row_traffic(program, entry)
    # Shares are means over all vectors, of which some are streamed more often than others.
    for name, each in (("row_reads", formula.all_reads), ("row_writes", formula.all_writes)):
        assert each.rows(load, config.inputs) == pytest.approx((counted[name] or 0) / 12, rel=0.05, abs=1e-9)
