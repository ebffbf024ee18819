"""Predicted cycles: what is counted is counted right, what waits waits, and the whole is near the truth."""

from __future__ import annotations

import pytest

from onward.hw.spec.config import CoreConfig
from onward.hw.spec.isa import Op, Source
from onward.hw.spec.presets import PRESETS
from onward.sw.data.datasets import load
from onward.sw.golden.golden import Golden
from onward.sw.golden.sample import Batch
from onward.sw.programs.assembler import Assembler, Program
from onward.sw.programs.ff import build_ff, initial_weights
from onward.sw.programs.timing import LATENCY, MNIST, Load, estimate

CORE = PRESETS["ulx3s-85f"]


def assembled(*emissions: tuple[Op, dict[str, int]], config: CoreConfig = CORE) -> Program:
    asm = Assembler(config)
    asm.entry("train")
    for op, fields in emissions:
        asm.emit(op, **fields)
    asm.emit(Op.END)
    return asm.assemble()


def cycles(*emissions: tuple[Op, dict[str, int]], config: CoreConfig = CORE, load: Load = MNIST) -> float:
    return estimate(assembled(*emissions, config=config), "train", load).cycles


MAC = (Op.MAC, {"source": Source.SAMPLE, "init": 1, "n": 784})
CONST = (Op.MAC, {"source": Source.CONST, "init": 1, "n": 10})
STORE = (Op.ST, {"p1": 3})


@pytest.mark.parametrize(
    ("op", "fields", "products"),
    [
        (Op.MAC, {"source": Source.SAMPLE, "n": 784, "init": 1}, 196),
        (Op.MAC, {"source": Source.SAMPLE, "n": 1000, "init": 1}, 196),
        (Op.MAC, {"source": Source.VECTOR, "n": 100, "init": 1}, 40),
        (Op.UPD, {"source": Source.ELEMENTS, "n": 10}, 10),
        (Op.UPD, {"source": Source.RESIDUAL, "n": 784}, 784),
        (Op.MAC, {"source": Source.CONST, "n": 7, "init": 1}, 7),
        (Op.ROWS, {"n": 10, "tiles": 2, "init": 1, "imm": 10}, 20),
        (Op.RED, {"tiles": 3}, 3),
        (Op.DOT, {"tiles": 3}, 3),
        (Op.MACV, {"init": 1}, 1),
        (Op.MACVV, {"init": 1}, 1),
        (Op.NOISE, {"init": 1}, 1),
        (Op.SCAT, {"n": 5, "init": 1}, 5),
        (Op.LMAC, {"init": 1}, 8),
        (Op.LUPD, {}, 8),
        (Op.XN, {}, 0),
    ],
)
def test_products(op: Op, fields: dict[str, int], products: int) -> None:
    assert estimate(assembled((op, fields)), "train", Load(0.25, 0.4)).busy == products


def test_streams_follow_each_other() -> None:
    assert cycles(CONST, CONST, CONST) - cycles(CONST, CONST) == 10


def test_residual_fetches_pixels_first() -> None:
    product, residual = (
        (Op.MAC, {"source": source, "init": 1, "n": 50}) for source in (Source.ELEMENTS, Source.RESIDUAL)
    )
    assert cycles(product, residual) - cycles(product, product) == LATENCY["residual"]


def test_single_port_memory_updates_in_two_cycles() -> None:
    update = (Op.UPD, {"source": Source.CONST, "n": 50})
    spram = PRESETS["icebreaker"]
    distance = LATENCY["update after update"]
    assert cycles(update, update) - cycles(update) == 50 + distance
    assert cycles(update, update, config=spram) - cycles(update, config=spram) == 100 + distance


@pytest.mark.parametrize(
    ("first", "second", "wait"),
    [
        (STORE, (Op.MACV, {"init": 1, "p1": 4}), "vector after store"),
        (STORE, (Op.RED, {"p1": 4, "tiles": 1}), "vector after store"),
        (STORE, (Op.MAC, {"source": Source.VECTOR, "init": 1, "n": 4, "p2": 4}), "scan after store"),
        ((Op.UPD, {"source": Source.CONST, "n": 1}), CONST, "weight after update"),
        ((Op.UPD, {"source": Source.CONST, "n": 1}), (Op.UPD, {"source": Source.CONST, "n": 9}), "update after update"),
    ],
)
def test_lanes_wait_for_lanes(first: tuple[Op, dict[str, int]], second: tuple[Op, dict[str, int]], wait: str) -> None:
    # MACV takes one cycle, waits for nothing here, and nothing waits for it.
    apart = 1 + LATENCY[wait] - LATENCY["turn"]
    assert cycles(CONST, first, second) - cycles(CONST, (Op.MACV, {"init": 1}), second) == apart


def test_scalars_wait_for_sums() -> None:
    red, use = (Op.RED, {"d": 5, "tiles": 1}), (Op.RSQ, {"d": 6, "s": 5})
    product = (Op.MAC, {"source": Source.CONST, "init": 1, "s": 6, "n": 10})
    levels = 7  # of 128 lanes
    assert cycles(red, use) - cycles(use) >= LATENCY["sum"] + levels - LATENCY["queue"]
    # The scalar unit takes everything in order: what follows a sum waits for it, too.
    apart = (Op.RSQ, {"d": 6, "s": 7})
    assert cycles(red, apart, product) == cycles(red, use, product) > cycles(apart, product) + LATENCY["sum"]


def test_four_sums_at_a_time() -> None:
    red = (Op.RED, {"d": 5, "tiles": 1})
    assert cycles(*[red] * 4) - cycles(*[red] * 3) == LATENCY["turn"]
    assert cycles(*[red] * 5) - cycles(*[red] * 4) > 20


def test_index_registers_are_waited_for() -> None:
    asm = Assembler(CORE)
    asm.entry("train")
    asm.emit(Op.AMAX, d=asm.index("i", 10), e=0, n=10)
    asm.emit(Op.MAC, source=Source.CONST, init=1, n=100, ri=asm.index("i", 10))
    asm.emit(Op.END)
    assert estimate(asm.assemble(), "train").cycles >= 10 + 100


def test_loops_are_walked_through() -> None:
    asm = Assembler(CORE)
    asm.entry("train")
    asm.emit(Op.SETI, d=asm.index("i", 6), imm=5)
    asm.emit(Op.MAC, source=Source.CONST, init=1, n=100)
    asm.emit(Op.LOOP, d=1, imm=1)
    asm.emit(Op.END)
    assert estimate(asm.assemble(), "train").busy == 500


@pytest.mark.parametrize("name", ["ulx3s-85f", "icebreaker"])
def test_products_of_ff_are_near_what_the_golden_model_counts(name: str) -> None:
    config = PRESETS[name]
    data = load("mnist-small")
    program = build_ff(config)
    golden = Golden(config)
    golden.load_program(program.instructions)
    golden.state.weights.numpy()[:] = initial_weights(program, 1)
    for entry in ("train", "infer"):
        golden.state.counters.zero_()
        golden.run(program.entries[entry], Batch.from_images(data.train_images[:500], data.train_labels[:500]))
        predicted = estimate(program, entry)
        assert predicted.busy == pytest.approx(int(golden.state.counters[0]) / 500, rel=0.15)
        assert predicted.cycles > predicted.busy
