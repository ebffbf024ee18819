"""Shares of zeros in what a program streams."""

from __future__ import annotations

import numpy as np
import pytest

from onward.hw.spec.isa import Op, Source
from onward.hw.spec.presets import PRESETS
from onward.sw.driver.rules import RULES
from onward.sw.golden.sample import Batch
from onward.sw.programs.assembler import Assembler, Program
from onward.sw.programs.timing import Load
from onward.sw.studies.load import measure_load

CORE = PRESETS["tiny"]  # 20 inputs, 4 lanes
IMAGES = np.zeros((2, 20), np.uint8)
IMAGES[0, :4] = 200
IMAGES[1, 5:7] = 100
BATCH = Batch.from_images(IMAGES, np.array([0, 1], np.uint8))
PRODUCT = (Op.MAC, {"source": Source.SAMPLE, "n": 20})


def streaming(*emissions: tuple[Op, dict[str, int]]) -> Program:
    """A program that sums up rows of W, and does these things after."""
    asm = Assembler(CORE)
    matrix = asm.map.add("W", 20, 4)
    register = asm.constant("one", 1.0)
    asm.entry("train")
    asm.constant("one", 1.0)
    for number, (op, fields) in enumerate(emissions):
        place = {"row": matrix.row(0), "s": register, "init": int(not number)} if op is Op.MAC else {}
        asm.emit(op, **place, **fields)
    asm.emit(Op.END)
    return asm.assemble()


def rows_of(*columns: float) -> np.ndarray:
    """Weights that are the same for all inputs."""
    codes = np.array(columns) * 2**CORE.weight.fraction
    return np.concatenate((np.zeros((1, 4)), np.tile(codes, (20, 1)))).astype(np.int32)


def test_pixels() -> None:
    assert measure_load(streaming(PRODUCT), "train", rows_of(1, 1, 1, 1), BATCH) == Load(6 / 40, 1.0)


def test_vectors_and_elements() -> None:
    stored = (Op.ST, {"p1": 3, "store": 1})
    scan = (Op.MAC, {"source": Source.VECTOR, "p2": 3, "n": 4})
    listen = (Op.MAC, {"source": Source.ELEMENTS, "e": 2, "n": 5})
    load = measure_load(streaming(PRODUCT, stored, scan, listen), "train", rows_of(1, -1, 0, 1), BATCH)
    assert load == Load(6 / 40, 0.5, 0.0)


def test_prepare_comes_first_and_is_not_counted() -> None:
    rule = RULES["sigprop"]
    program = rule.build(CORE, rule.parameters)
    load = measure_load(program, "infer", rule.initial_weights(program, 1), BATCH)
    assert load.pixels == pytest.approx(6 / 40)
    assert 0 < load.active < 1
