"""A core at the other end of a line: the same answers as in this process, and a name for everything that goes wrong."""

from __future__ import annotations

from dataclasses import asdict, replace

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from onward.hw.spec.protocol import ORDERED, REPLY, VERSION, Command, Status
from onward.sw.driver import link_board
from onward.sw.driver.frames import DeviceLost, LinkError
from onward.sw.driver.golden_board import GoldenBoard
from onward.sw.driver.link_board import LinkBoard

from .driver_data import FF, TINY, batch_of, program
from .model_core import ModelCore, ModelTransport, frame


def opened() -> tuple[LinkBoard, ModelTransport]:
    transport = ModelTransport(ModelCore(TINY))
    return LinkBoard(TINY, transport), transport


# the same as in this process ------------------------------------------------------------------------------------------


@settings(max_examples=20, deadline=None)
@given(st.integers(1, 400), st.integers(0, 2**32 - 1), st.integers(0, 40))
def test_equals_the_golden_board(piece: int, seed: int, count: int) -> None:
    transport = ModelTransport(ModelCore(TINY), piece)
    results, weights, vectors, counters = [], [], [], []
    for board in (LinkBoard(TINY, transport), GoldenBoard(TINY)):
        board.load_program(program())
        board.write_weights(FF.initial_weights(program(), 1)[: program().map.used])
        board.seed(seed)
        seen: list[int] = []
        results.append(board.run("train", batch_of(count, seed=seed), seen.append))
        weights.append(board.read_weights())
        vectors.append(board.read_vector(2))
        counters.append({name: value for name, value in board.counters().items() if name != "cycles"})
        assert not seen or seen[-1] == count
    assert results[0] == results[1]
    assert len(results[0]) == count
    assert (weights[0] == weights[1]).all()
    assert weights[0].dtype == weights[1].dtype == np.int32
    assert (vectors[0] == vectors[1]).all()
    assert counters[0] == counters[1]


def test_nobody_knows_the_clock_of_a_board_on_a_line() -> None:
    assert opened()[0].clock() is None


def test_progress_counts_samples() -> None:
    board, _ = opened()
    board.load_program(program())
    seen: list[int] = []
    board.run("infer", batch_of(5), seen.append)
    assert seen == [1, 2, 3, 4, 5]


def test_at_most_two_commands_are_on_their_way() -> None:
    board, transport = opened()
    board.load_program(program())
    board.write_weights(np.ones((30, 4), int))
    assert board.read_weights().shape == (program().map.used, 4)
    board.run("train", batch_of(20))
    assert transport.most == 2


def test_a_compact_core_gets_its_program_frame_by_frame() -> None:
    config = replace(TINY, memory="spram", compact=True, weight_bits=16, operand_bits=16)
    transport = ModelTransport(ModelCore(config))
    board = LinkBoard(config, transport)
    board.load_program(program(config))
    assert [command for command, _ in transport.core.frames].count(Command.LOAD_PROGRAM) > 1
    assert transport.most == 1
    board.run("train", batch_of(20, config))
    assert transport.most == 2


def test_sequence_numbers_count_and_wrap() -> None:
    board, transport = opened()
    board.load_program(program())
    board.run("infer", batch_of(300))
    numbers = [sequence for command, sequence in transport.core.frames if command in ORDERED]
    assert numbers == [i % 256 for i in range(len(numbers))]
    assert len(numbers) > 300


def test_reset_clears_the_counters() -> None:
    board, _ = opened()
    board.load_program(program())
    board.run("infer", batch_of(3))
    assert board.counters()["samples"] == 3
    assert board.counters()["cycles"] == 300
    board.reset()
    assert set(board.counters().values()) == {0}


# opening --------------------------------------------------------------------------------------------------------------


def test_opening_clears_what_was_counted() -> None:
    core = ModelCore(TINY)
    core.golden.state.counters[:] = 9
    assert set(LinkBoard(TINY, ModelTransport(core)).counters().values()) == {0}


def test_opening_passes_over_what_an_earlier_host_has_left() -> None:
    core = ModelCore(TINY)
    core.feed(b"\x07half a frame")
    transport = ModelTransport(core)
    stale = frame(Command.SAMPLE | REPLY, 9, Status.OK, payload=bytes(4))
    transport.script += [b"of a reply\0", stale[:3], stale[3:]]
    board = LinkBoard(TINY, transport)
    assert board.counters()["samples"] == 0


def test_opening_waits_while_the_core_is_busy() -> None:
    transport = ModelTransport(ModelCore(TINY))
    answer = transport.core._do
    refusals = iter([Status.BUSY, Status.BUSY])

    def busy_first(command: int, payload: bytes) -> tuple[Status, bytes]:
        refusal = next(refusals, None) if command == Command.OPEN else None
        return (refusal, b"") if refusal else answer(command, payload)

    transport.core._do = busy_first  # type: ignore[method-assign]
    LinkBoard(TINY, transport)
    assert [command for command, _ in transport.core.frames] == [Command.IDENTIFY, Command.OPEN] * 3


def expect_refusal(transport: ModelTransport, reason: str) -> None:
    with pytest.raises(LinkError, match=reason) as caught:
        LinkBoard(TINY, transport)
    assert "\n" not in str(caught.value)
    assert str(caught.value).startswith("model: ")
    assert transport.closed


def test_silence() -> None:
    transport = ModelTransport(ModelCore(TINY))
    transport.script += [b""] * 4
    expect_refusal(transport, "silent: no answer to IDENTIFY; is the board on and configured")


def test_rubbish() -> None:
    transport = ModelTransport(ModelCore(TINY))
    transport.script += [bytes([65 + i % 26]) * 100 for i in range(60)] + [b""] * 4
    expect_refusal(transport, "what answers is no core: 6000 bytes, but no reply to IDENTIFY")


def test_rubbish_without_end(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(link_board, "_PATIENCE", 0.05)
    transport = ModelTransport(ModelCore(TINY))
    transport.read = lambda patience=1: b"login: \0"  # type: ignore[method-assign]
    expect_refusal(transport, "what answers is no core")


def test_a_core_that_stays_busy(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(link_board, "_PATIENCE", 0.05)
    transport = ModelTransport(ModelCore(TINY))
    answer = transport.core._do
    transport.core._do = lambda command, payload: (  # type: ignore[method-assign]
        (Status.BUSY, b"") if command == Command.OPEN else answer(command, payload)
    )
    expect_refusal(transport, "stays busy")


def test_another_version() -> None:
    core = ModelCore(TINY, version=VERSION + 1)
    expect_refusal(ModelTransport(core), f"speaks version {VERSION + 1} of the protocol, this driver version {VERSION}")


def test_another_size() -> None:
    core = ModelCore(replace(TINY, rows=80))
    expect_refusal(ModelTransport(core), "the core has rows = 80, but configuration 'tiny' has 96")


def test_another_configuration() -> None:
    core = ModelCore(TINY, digest="00112233aabbccdd")
    expect_refusal(ModelTransport(core), f"digest 00112233aabbccdd, not {TINY.digest}")


# while at work --------------------------------------------------------------------------------------------------------


def test_each_session_goes_on_with_the_numbers_of_the_one_before() -> None:
    core = ModelCore(TINY)
    for _ in range(100):
        board = LinkBoard(TINY, ModelTransport(core))
        board.seed(3)
        board.reset()
    assert core.following == 300 % 256


def spoilt(*pieces: bytes) -> tuple[LinkBoard, ModelTransport]:
    """A board that will receive these pieces before anything else."""
    board, transport = opened()
    board.load_program(program())
    transport.script += pieces
    return board, transport


@pytest.mark.parametrize(
    ("piece", "fault", "resent"),
    [
        (b"", "silences", 1),
        (b"\x05noise\0", "damaged_replies", 1),
        (frame(REPLY, 0, Status.BAD_FRAME), "damaged_commands", 1),
        (frame(Command.SEED | REPLY, 200, Status.OK), "stale_replies", 0),
        (frame(Command.RESET | REPLY, 3, Status.OK), "stale_replies", 0),
        (frame(0x55 | REPLY, 3, Status.OK), "stale_replies", 0),
    ],
)
def test_faults_are_made_good(piece: bytes, fault: str, resent: int) -> None:
    board, transport = spoilt(piece)
    before = len(transport.core.done)
    board.seed(77)
    assert transport.core.done[before:] == [(Command.SEED, (77).to_bytes(4, "little"))]
    found = {name: count for name, count in asdict(board.faults).items() if count}
    # The reply that was there all the time comes, and so does the one to the repetition, which nobody needs any more.
    assert found == ({fault: 1, "resent": 1} if resent else {fault: 1})
    board.seed(78)
    assert len(transport.core.done) == before + 2


@pytest.mark.parametrize(
    ("piece", "reason"),
    [
        (frame(Command.SEED, 1, 1, 2, 3), "this is a command, not a reply: .* looped back"),
        (frame(Command.SEED | REPLY, 11, Status.BUSY), "SEED: BUSY: not possible while"),
        (frame(Command.SEED | REPLY, 11, 99), "unknown status 99"),
        (frame(Command.SEED | REPLY, 11, Status.CLOSED), "the core has been reset"),
    ],
)
def test_what_cannot_be_made_good(piece: bytes, reason: str) -> None:
    board, transport = opened()
    board.load_program(program())
    while transport.core.following != 11:
        board.seed(0)
    transport.script += [piece]
    with pytest.raises(LinkError, match=reason) as caught:
        board.seed(1)
    assert str(caught.value).startswith("model: ")
    assert "\n" not in str(caught.value)


def test_a_core_that_falls_silent() -> None:
    board, transport = opened()
    waits: list[int] = []

    def read(patience: int = 1) -> bytes:
        waits.append(patience)
        return b""

    transport.read = read  # type: ignore[method-assign]
    with pytest.raises(DeviceLost, match="model: the core has stopped answering: SEED was sent 8 times"):
        board.seed(1)
    assert waits == [1, 2, 4, 8, 8, 8, 8, 8]


def test_a_line_that_only_damages() -> None:
    board, transport = opened()
    transport.read = lambda patience=1: b"noise\0"  # type: ignore[method-assign,misc]
    with pytest.raises(LinkError, match="model: SEED was sent 32 times without an answer; damaged commands 0, "):
        board.seed(1)


def test_a_core_that_was_reset_is_noticed_and_does_nothing() -> None:
    board, transport = opened()
    board.load_program(program())
    board.run("train", batch_of(3))
    transport.core.reset()
    done = len(transport.core.done)
    with pytest.raises(DeviceLost, match="model: the core has been reset"):
        board.run("train", batch_of(3))
    assert len(transport.core.done) == done


def test_a_program_that_runs_for_too_long() -> None:
    board, transport = opened()
    board.load_program(program())
    transport.core.bound = 10
    with pytest.raises(LinkError, match="model: SAMPLE: OVERRUN: the program ran for too long and was ended"):
        board.run("train", batch_of(3))
    transport.core.bound = None
    assert len(board.run("train", batch_of(3))) == 3


def test_a_refusal_may_overtake_and_leaves_the_numbers_right() -> None:
    board, transport = opened()
    board.load_program(program())
    write = transport.write
    transport.write = lambda data: None  # type: ignore[method-assign]
    number = transport.core.following
    transport.script += [
        frame(Command.SAMPLE | REPLY, number + 1, Status.BAD_ADDRESS),
        frame(Command.SAMPLE | REPLY, number, Status.OK, payload=bytes(4)),
    ]
    with pytest.raises(LinkError, match="SAMPLE: BAD_ADDRESS"):
        board.run("train", batch_of(2))
    transport.write = write  # type: ignore[method-assign]
    assert not transport.script
    transport.core.following += 1
    board.seed(3)


def test_close() -> None:
    board, transport = opened()
    with board:
        pass
    assert transport.closed
