"""What a layer hands on: its direction in 8 bits, whatever its length, for any number of units."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from onward.hw.spec.config import ConfigError
from onward.hw.spec.isa import Op
from onward.sw.programs.assembler import Assembler, Program
from onward.sw.programs.handover import PHASES, Handover, handover_words, read_handover, write_handover_rows
from tests.sw.programs.layer_bench import LAYERED, LayerBench


def sender(units: int, weight_bits: int = 14) -> tuple[Program, int]:
    """A program that hands on the same vector register twice, and its first word."""
    asm = Assembler(replace(LAYERED, weight_bits=weight_bits))
    handover = Handover(asm, units)
    vector = asm.vector("z", units)
    asm.entry("send")
    asm.constant("one", 1.0)
    for name, value in handover.constants():
        asm.constant(name, value)
    asm.emit(Op.RED, d=asm.scalar("g"), p1=vector, tiles=asm.config.tiles(units))
    asm.compute(Op.RSQ, "r", "g")
    handover.scale("r")
    for phase in range(PHASES):
        handover.pair(phase, vector, "r")
    handover.send()
    asm.emit(Op.END)
    return asm.assemble(), vector


def send(codes: list[int], weight_bits: int = 14) -> np.ndarray:
    """Pixels (phases, units) of a vector register that holds ``codes``."""
    program, vector = sender(len(codes), weight_bits)
    config = program.config
    weights = np.zeros((config.rows, config.lanes), dtype=np.int32)
    write_handover_rows(program, weights)
    bench = LayerBench(program, weights)
    bench.golden.state.vectors[vector : vector + config.tiles(len(codes))].reshape(-1)[: len(codes)] = (
        bench.golden.state.vectors.new_tensor(codes)
    )
    (words,) = bench.run("send", np.zeros((1, config.inputs), np.uint8), [0])
    assert len(words) == PHASES * handover_words(len(codes))
    return read_handover([words], len(codes))[0]


@settings(max_examples=60, deadline=None)
@given(st.lists(st.integers(0, 2**15 - 1), min_size=1, max_size=11), st.sampled_from([10, 14, 16]))
def test_pixels_are_the_direction(codes: list[int], weight_bits: int) -> None:
    pixels = send(codes, weight_bits)
    norm = float(np.linalg.norm(codes))
    # Operands of 16 bits scale a vector by less than 2: a shorter one has fewer shades.
    wanted = 253 * np.array(codes) / norm if norm > 127 else None
    for phase in pixels:
        if wanted is not None:
            assert np.abs(phase - wanted).max() <= 1.6
        assert (phase[np.array(codes) == 0] == 0).all()


@pytest.mark.parametrize("units", [1, 2, 5, 8])
@pytest.mark.parametrize("size", [130, 3000, 2**15 - 1])
def test_a_unit_alone_is_nearly_full_in_either_half_of_a_word(units: int, size: int) -> None:
    for active in range(units):
        pixels = send([size if unit == active else 0 for unit in range(units)])
        assert (pixels[:, active] >= 250).all()
        assert pixels.sum() == pixels[:, active].sum()


def test_silence() -> None:
    assert not send([0, 0, 0]).any()


def test_refused() -> None:
    with pytest.raises(ConfigError, match="to hand on activities takes weights of 10 bits, not 9"):
        sender(4, weight_bits=9)
