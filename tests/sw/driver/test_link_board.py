"""A core at the other end of a line: the same answers as in this process, and a name for everything that goes wrong."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from onward.hw.spec.protocol import REPLY, VERSION, Command, Status
from onward.sw.driver import link_board
from onward.sw.driver.frames import LinkError
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


def test_sequence_numbers_count_and_wrap() -> None:
    board, transport = opened()
    board.load_program(program())
    board.run("infer", batch_of(300))
    numbers = [sequence for _, sequence in transport.core.frames]
    assert numbers == [(1 + i) % 256 for i in range(len(numbers))]


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
        refusal = next(refusals, None) if command == Command.RESET else None
        return (refusal, b"") if refusal else answer(command, payload)

    transport.core._do = busy_first  # type: ignore[method-assign]
    LinkBoard(TINY, transport)
    assert [command for command, _ in transport.core.frames] == [Command.IDENTIFY, *[Command.RESET] * 3]


def expect_refusal(transport: ModelTransport, reason: str) -> None:
    with pytest.raises(LinkError, match=reason) as caught:
        LinkBoard(TINY, transport)
    assert "\n" not in str(caught.value)
    assert str(caught.value).startswith("model: ")
    assert transport.closed


def test_silence() -> None:
    transport = ModelTransport(ModelCore(TINY))
    transport.script += [b""]
    expect_refusal(transport, "silent: no answer to IDENTIFY; is the board on and configured")


def test_rubbish() -> None:
    transport = ModelTransport(ModelCore(TINY))
    transport.script += [bytes([65 + i % 26]) * 100 for i in range(60)] + [b""]
    expect_refusal(transport, "what answers is no core: 6000 bytes, but no reply to IDENTIFY")


def test_rubbish_without_end(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(link_board, "_PATIENCE", 0.05)
    transport = ModelTransport(ModelCore(TINY))
    transport.read = lambda: b"login: \0"  # type: ignore[method-assign]
    expect_refusal(transport, "what answers is no core")


def test_a_core_that_stays_busy(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(link_board, "_PATIENCE", 0.05)
    transport = ModelTransport(ModelCore(TINY))
    answer = transport.core._do
    transport.core._do = lambda command, payload: (  # type: ignore[method-assign]
        (Status.BUSY, b"") if command == Command.RESET else answer(command, payload)
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


def spoilt(reply: Callable[[int], bytes]) -> tuple[LinkBoard, ModelTransport]:
    """A board that will receive ``reply(sequence)`` for its next command."""
    board, transport = opened()
    board.load_program(program())
    transport.script += [reply((transport.core.frames[-1][1] + 1) % 256)]
    return board, transport


@pytest.mark.parametrize(
    ("reply", "reason"),
    [
        (lambda number: b"", "the core has stopped answering"),
        (lambda number: b"\x05noise\0", "a reply was damaged on its way from the core"),
        (lambda number: frame(REPLY, 0, Status.BAD_FRAME), "SEED 11 was damaged on its way to the core"),
        (
            lambda number: frame(Command.SEED | REPLY, number + 1, Status.OK),
            "expected the reply to SEED with sequence number 11, got one to SEED with 12",
        ),
        (
            lambda number: frame(Command.RESET | REPLY, number, Status.OK),
            "expected the reply to SEED with sequence number 11, got one to RESET with 11",
        ),
        (lambda number: frame(Command.SEED, number, 1, 2, 3), "this is a command, not a reply: .* looped back"),
        (lambda number: frame(0x55 | REPLY, number, Status.OK), "got one to command 85 with 11"),
        (lambda number: frame(Command.SEED | REPLY, number, Status.BUSY), "SEED: BUSY: not possible while"),
        (lambda number: frame(Command.SEED | REPLY, number, 99), "unknown status 99"),
    ],
)
def test_bad_replies(reply: Callable[[int], bytes], reason: str) -> None:
    board, transport = spoilt(reply)
    number = (transport.core.frames[-1][1] + 1) % 256
    with pytest.raises(LinkError, match=reason.replace("11", str(number)).replace("12", str(number + 1))) as caught:
        board.seed(1)
    assert str(caught.value).startswith("model: ")


def test_replies_in_the_wrong_order() -> None:
    board, transport = spoilt(lambda number: frame(Command.SAMPLE | REPLY, number + 1, Status.OK))
    number = transport.core.frames[-1][1] + 1
    with pytest.raises(LinkError, match=f"sequence number {number}, got one to SAMPLE with {number + 1}"):
        board.run("train", batch_of(3))


def test_a_refusal_may_overtake_and_leaves_the_line_quiet() -> None:
    board, transport = opened()
    board.load_program(program())
    transport.write = lambda data: None  # type: ignore[method-assign]
    number = transport.core.frames[-1][1] + 1
    transport.script += [
        frame(Command.SAMPLE | REPLY, number + 1, Status.BAD_ADDRESS),
        frame(Command.SAMPLE | REPLY, number, Status.OK, payload=bytes(4)),
    ]
    with pytest.raises(LinkError, match="SAMPLE: BAD_ADDRESS"):
        board.run("train", batch_of(2))
    del transport.write
    assert not transport.script
    board.seed(3)


def test_close() -> None:
    board, transport = opened()
    with board:
        pass
    assert transport.closed
