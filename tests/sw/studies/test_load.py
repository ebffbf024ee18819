"""Shares of zeros in what a program streams."""

from __future__ import annotations

import numpy as np
import pytest

from onward.hw.spec.isa import Op, Source
from onward.hw.spec.presets import PRESETS
from onward.sw.golden.sample import Batch
from onward.sw.programs.assembler import Assembler, Program
from onward.sw.programs.timing import Load
from onward.sw.studies.load import measure_load

CORE = PRESETS["tiny"]
IMAGES = np.zeros((2, 20), np.uint8)
IMAGES[0, :4] = IMAGES[1, 5:7] = 200
BATCH = Batch.from_images(IMAGES, np.array([0, 1], np.uint8))


def program(*emissions: tuple[Op, dict[str, int]], entry: str = "train") -> Program:
    asm = Assembler(CORE)
    matrix = asm.map.add("W", 20, 4)
    asm.constant("one", 1.0)
    asm.entry("prepare")
    asm.emit(Op.LDI, d=0, imm=asm.instructions[0].imm if asm.instructions else 0)
    asm.emit(Op.END)
    asm.entry(entry)
    for op, fields in emissions:
        asm.emit(op, **({"row": matrix.row(0)} if op in (Op.MAC, Op.UPD) else {}), **fields)
    asm.emit(Op.END)
    return asm.assemble()
