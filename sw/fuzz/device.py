"""Hostile frames and programs for the simulated board: no crash, no hang, no changed weight."""

from __future__ import annotations

import random
import time
from collections.abc import Callable
from dataclasses import dataclass, field, replace

import numpy as np
from numpy.typing import NDArray

from onward.hw.spec.config import CoreConfig
from onward.hw.spec.isa import Instruction, Op
from onward.hw.spec.protocol import ORDERED, Command, Status
from onward.sim.board.simulator import SimError, Simulator
from onward.sw.driver import frames
from onward.sw.driver.frames import FrameDecoder, LinkError, Reply
from onward.sw.driver.golden_board import GoldenBoard
from onward.sw.driver.link_board import LinkBoard
from onward.sw.golden.sample import Batch
from onward.sw.programs.assembler import Program
from onward.sw.programs.ff import build_ff, initial_weights

from .hostile_frames import HostileFrames, frames_in
from .hostile_programs import harmless_words, hostile_words

__all__ = ["DeviceReport", "fuzz_device"]

_ROUND = 500
"""Frames from one reading of all weights to the next."""
_AT_ONCE = 8
"""Pieces that are sent without waiting for replies: four times of what the protocol allows."""
_PATIENCE = 200_000
"""Cycles in which a reply must come: no harmless program takes as long."""
_WATCHDOG = 1 << 13
"""Cycles after which the board's core ends a program: those that would run for ever are over soon."""
_RUNS_ON = 8_000_000
"""Cycles in which every program must be over: the watchdog waits for the instruction that is being carried out."""
_STRETCH = 20_000
"""Cycles between two looks at a running program."""
_TRUST = 20
"""Hostile programs from one training that must be right to the next."""


@dataclass
class DeviceReport:
    """What became of a board.

    Members
    -------
    frames : that ended on the line. ``statuses`` : of their replies.
    readings : how often all weights were read back and were what they had been.
    programs : hostile ones. ``ended`` : of these, by themselves; the watchdog ended the others.
    trainings : after hostile programs, equal to the golden model's in all results and weights.
    crashes : everything that should not have happened.
    cycles : of the board. ``seconds`` : of real time.
    """

    frames: int = 0
    statuses: dict[str, int] = field(default_factory=dict)
    readings: int = 0
    programs: int = 0
    ended: int = 0
    trainings: int = 0
    crashes: list[str] = field(default_factory=list)
    cycles: int = 0
    seconds: float = 0.0


class _Line:
    """The way to a simulated board that outlives the driver on it."""

    name = "sim"

    def __init__(self, simulator: Simulator) -> None:
        self._simulator = simulator

    @property
    def cycles(self) -> int:
        return self._simulator.cycles

    def write(self, data: bytes) -> None:
        self._simulator.write(data)

    def read(self, patience: int = 1) -> bytes:
        try:
            return self._simulator.read(patience * _PATIENCE)
        except SimError as error:
            raise LinkError(str(error)) from None

    def close(self) -> None:
        pass


class _Board:
    """A simulated board, and the replies that it owes."""

    def __init__(self, config: CoreConfig, seed: int, report: DeviceReport) -> None:
        self.config = config
        self.simulator = Simulator(config, stall_seed=seed)
        self.line = _Line(self.simulator)
        self.report = report
        self._decoder = FrameDecoder()

    def driver(self) -> LinkBoard:
        """The driver, which begins by making itself understood."""
        return LinkBoard(self.config, self.line)

    def exchange(self, data: bytes, due: int) -> list[Reply]:
        """Send bytes and wait for so many replies; raises SimError if they do not come."""
        self.simulator.write(data)
        replies: list[Reply] = []
        while len(replies) < due:
            replies += self._decoder.feed(self.simulator.read(_PATIENCE))
        statuses = self.report.statuses
        for reply in replies:
            statuses[reply.status.name] = statuses.get(reply.status.name, 0) + 1
        if len(replies) > due or self._decoder.damaged:
            raise LinkError(f"{len(replies)} replies to {due} frames, {self._decoder.damaged} of them damaged")
        return replies

    def ask(self, command: Command, payload: bytes = b"") -> Reply:
        """One command in order, and its reply."""
        number = self.following() if command in ORDERED else 0
        return self.exchange(frames.encode_frame(command, number, payload), 1)[0]

    def following(self) -> int:
        """The number of the next ordered command, as the core has it."""
        identity = frames.parse_identity(self.ask(Command.IDENTIFY).result())
        identity.check(self.config)
        return identity.following


def fuzz_device(
    config: CoreConfig,
    count: int,
    programs: int,
    seed: int = 1,
    progress: Callable[[int], None] = lambda done: None,
) -> DeviceReport:
    """Send ``count`` hostile frames to a simulated board, then have it run ``programs`` hostile programs.

    Parameters
    ----------
    config : the core; small ones are fast.
    progress : called with how many frames and programs are done.

    Raises
    ------
    SimBuildError
        If the board cannot be built.
    """
    report = DeviceReport()
    board = _Board(replace(config, watchdog=_WATCHDOG), seed, report)
    rng = random.Random(f"device {seed}")
    began = time.monotonic()
    try:
        _fuzz_frames(board, count, rng, progress)
        _fuzz_programs(board, programs, rng, lambda done: progress(count + done))
    except (SimError, LinkError, _Wrong) as error:
        report.crashes.append(f"after {report.frames:,} frames and {report.programs:,} programs: {error}")
    report.cycles = board.simulator.cycles
    report.seconds = time.monotonic() - began
    board.simulator.close()
    return report


class _Wrong(Exception):
    """The core has done something that it should not; the message says what."""


# frames ---------------------------------------------------------------------------------------------------------------


def _fuzz_frames(board: _Board, count: int, rng: random.Random, progress: Callable[[int], None]) -> None:
    config, report = board.config, board.report
    generator = np.random.default_rng(rng.getrandbits(64))
    form = config.weight
    rows = generator.integers(form.min, form.max + 1, (config.rows, config.lanes)).astype(np.int32)
    words = harmless_words(config, rng.getrandbits(32))
    board.driver().write_weights(rows)
    for payload in frames.program_payloads(config, words):
        board.ask(Command.LOAD_PROGRAM, payload).result()
    while report.frames < count:
        source = HostileFrames(config, rng, rows, words)
        target = min(count, report.frames + _ROUND)
        while report.frames < target:
            source.number = board.following()
            data = b"".join(source.next() for _ in range(rng.randint(1, _AT_ONCE)))
            # The zero ends what has not ended, so that every frame of this exchange is answered in it.
            whole = source.finish(data)
            due = len(frames_in(whole))
            board.exchange(whole, due)
            report.frames += due
            progress(report.frames)
        _same_weights(board, rows)


def _same_weights(board: _Board, rows: NDArray[np.int32]) -> None:
    found = board.driver().read_weights(board.config.rows)
    board.report.readings += 1
    if not np.array_equal(found, rows):
        row, lane = np.argwhere(found != rows)[0].tolist()
        raise _Wrong(f"weight row {row}, lane {lane} has become {found[row, lane]}, it was {rows[row, lane]}")


# programs -------------------------------------------------------------------------------------------------------------


def _fuzz_programs(board: _Board, count: int, rng: random.Random, progress: Callable[[int], None]) -> None:
    config, report = board.config, board.report
    learns = build_ff(config)
    for number in range(count):
        _run_hostile(board, rng)
        if number % _TRUST == _TRUST - 1 or number == count - 1:
            _train(board, learns, rng)
        report.programs += 1
        progress(report.programs)


def _run_hostile(board: _Board, rng: random.Random) -> None:
    """A hostile program: the link must answer while it runs, it must come to an end, and the core be whole after it."""
    config = board.config
    words = hostile_words(config, rng)
    mark = rng.getrandbits(16)
    # What the core cannot write: the program memory. It is asked afterwards what stands behind the hostile program.
    guard = [Instruction(Op.SETI, d=1, imm=mark), Instruction(Op.OUTI, ri=1), Instruction(Op.END)]
    place = config.program - len(guard)
    for payload in frames.program_payloads(config, words[:place]):
        board.ask(Command.LOAD_PROGRAM, payload).result()
    board.ask(Command.LOAD_PROGRAM, frames.program_payload(place, [each.encode() for each in guard])).result()
    status = _run_to_its_end(board)
    if status not in (Status.OK, Status.OVERRUN):
        raise _Wrong(f"a program ends with {status.name}")
    board.report.ended += status is Status.OK
    found = frames.parse_results(board.ask(Command.RUN, frames.run_payload(place)).result()).tolist()
    if found != [mark]:
        raise _Wrong(f"the program memory has changed: results {found} instead of {[mark]}")


def _run_to_its_end(board: _Board) -> Status:
    """Run the program at 0; the core must answer questions meanwhile."""
    board.simulator.write(frames.encode_frame(Command.RUN, board.following(), frames.run_payload(0)))
    decoder, asked, begun = FrameDecoder(), 0, board.simulator.cycles
    while board.simulator.cycles - begun < _RUNS_ON:
        for reply in decoder.feed(board.simulator.run(_STRETCH)):
            if reply.command == Command.RUN:
                return reply.status
            asked -= 1
        if asked:
            raise _Wrong("the link does not answer while a program runs")
        board.simulator.write(frames.encode_frame(Command.IDENTIFY, 0))
        asked += 1
    raise _Wrong(f"a program has not come to an end within {_RUNS_ON:,} cycles")


def _train(board: _Board, program: Program, rng: random.Random) -> None:
    """A training from the beginning: the core must still be what the golden model is."""
    config = board.config
    generator = np.random.default_rng(rng.getrandbits(64))
    images = generator.integers(0, 256, (3, config.inputs)).astype(np.uint8)
    batch = Batch.from_images(images, generator.integers(0, config.classes, 3).astype(np.uint8))
    rows, seed = initial_weights(program, seed=1), rng.getrandbits(32)
    outcomes = []
    for each in (board.driver(), GoldenBoard(config)):
        each.load_program(program)
        each.write_weights(rows)
        each.seed(seed)
        outcomes.append((each.run("train", batch), each.read_weights()))
    if outcomes[0][0] != outcomes[1][0] or not np.array_equal(outcomes[0][1], outcomes[1][1]):
        raise _Wrong("a training after hostile programs differs from the golden model's")
    board.report.trainings += 1
