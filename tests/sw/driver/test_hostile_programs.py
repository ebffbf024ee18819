"""Programs that no assembler makes, on the simulated board: each ends, and leaves a core that works as before."""

from __future__ import annotations

import random
from dataclasses import replace

import pytest

from onward.hw.spec.config import CoreConfig
from onward.hw.spec.isa import FIELDS, Instruction, Op
from onward.hw.spec.protocol import Command, Status
from onward.sw.driver import frames
from onward.sw.driver.compare import compare
from onward.sw.driver.frames import LinkError
from onward.sw.driver.golden_board import GoldenBoard
from onward.sw.driver.link_board import LinkBoard
from onward.sw.driver.sim_transport import SimTransport

from .driver_data import TINY, patterns, recipe

CONFIG = replace(TINY, name="hostile", watchdog=3_000)
COMPACT = replace(
    CONFIG, name="compact", lanes=4, group=1, weight_bits=16, operand_bits=16, vectors=64, rows=256, memory="spram",
    compact=True, watchdog=100_000,
)  # fmt: skip
OPS = list(Op)


def hostile(config: CoreConfig, rng: random.Random) -> list[int]:
    """Words with all fields at random, in half of them with an operation that exists, and seldom END."""
    words = []
    for _ in range(config.program):
        word = rng.getrandbits(128)
        if rng.random() < 0.5:
            word = word & ~0x3F | rng.choice(OPS)
        for name in ("n", "tiles", "imm"):  # the ends of a range more often than chance would have them
            if rng.random() < 0.3:
                lowest, bits = FIELDS[name]
                limit = (1 << bits) - 1
                word = word & ~(limit << lowest) | rng.choice([0, 0, 1, 2]) << lowest
        words.append(word)
    return words


def works_as_before(board: LinkBoard, config: CoreConfig = CONFIG) -> None:
    """A training, from a program and weights of its own, equals the golden model's."""
    images = patterns(10, config)
    assert compare((GoldenBoard(config), board), recipe(10), *images).difference is None


def run(board: LinkBoard, rng: random.Random, entry: int) -> Status:
    """Run from ``entry``, with a sample or without."""
    try:
        if rng.random() < 0.5:
            image, label = patterns(1)[0][0], rng.randrange(CONFIG.classes)
            board._command(Command.SAMPLE, frames.sample_payload(image, label, entry))
        else:
            board._command(Command.RUN, frames.run_payload(entry))
    except LinkError as error:
        assert "OVERRUN" in str(error), error
        return Status.OVERRUN
    return Status.OK


def test_random_words() -> None:
    rng = random.Random(1)
    statuses = set()
    with LinkBoard(CONFIG, SimTransport(CONFIG)) as board:
        for _ in range(8):
            board._stream(Command.LOAD_PROGRAM, frames.program_payloads(CONFIG, hostile(CONFIG, rng)))
            statuses |= {run(board, rng, rng.randrange(CONFIG.program)) for _ in range(5)}
            board.read_vector(rng.randrange(CONFIG.vectors))
        works_as_before(board)
    assert statuses == {Status.OK, Status.OVERRUN}


def test_every_operation_is_over_with_any_fields() -> None:
    rng = random.Random(2)
    with LinkBoard(CONFIG, SimTransport(CONFIG)) as board:
        for op in OPS:
            for fields in (0, (1 << 128) - 1, rng.getrandbits(128)):
                words = [fields & ~0x3F | op, Op.END]
                board._stream(Command.LOAD_PROGRAM, frames.program_payloads(CONFIG, words))
                run(board, rng, 0)
        works_as_before(board)


@pytest.mark.parametrize("config", [CONFIG, COMPACT], ids=lambda config: config.name)
def test_a_program_without_an_end_is_ended(config: CoreConfig) -> None:
    again = [Instruction(op=Op.SETI, d=1, imm=5), Instruction(op=Op.LOOP, d=1, imm=0)]
    sums = [Instruction(op=Op.MACV, init=1, s=0, row=0, n=config.lanes, p1=0), *again]
    with LinkBoard(config, SimTransport(config)) as board:
        for words in (again, sums):
            payloads = frames.program_payloads(config, [word.encode() for word in words])
            board._stream(Command.LOAD_PROGRAM, payloads)
            with pytest.raises(LinkError, match="OVERRUN"):
                board._command(Command.RUN, frames.run_payload(0))
        works_as_before(board, config)
