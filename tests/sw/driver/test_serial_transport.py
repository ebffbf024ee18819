"""Serial ports, at a pseudo-terminal."""

from __future__ import annotations

import time
from pathlib import Path

import pytest

from onward.sw.driver.board import Board
from onward.sw.driver.frames import LinkError
from onward.sw.driver.golden_board import GoldenBoard
from onward.sw.driver.link_board import LinkBoard
from onward.sw.driver.serial_transport import SerialTransport

from .driver_data import FF, TINY, batch_of, program
from .model_core import ModelCore, PtyCore


def expect_error(port: str, reason: str, timeout: float = 0.2) -> None:
    with pytest.raises(LinkError, match=reason) as caught:
        LinkBoard(TINY, SerialTransport(port, TINY.baud, timeout))
    assert str(caught.value).startswith(f"serial:{port}: ")
    assert "\n" not in str(caught.value)


def test_a_core_at_a_port() -> None:
    with PtyCore(ModelCore(TINY).feed) as core, Board.open(f"serial:{core.port}", TINY) as board:
        assert board.name == f"serial:{core.port}"
        golden = GoldenBoard(TINY)
        results = []
        for each in (board, golden):
            each.load_program(program())
            each.write_weights(FF.initial_weights(program(), 4)[: program().map.used])
            each.seed(5)
            results.append(each.run("train", batch_of(60)))
        assert results[0] == results[1]
        assert (board.read_weights() == golden.read_weights()).all()


def test_missing_port(tmp_path: Path) -> None:
    expect_error(str(tmp_path / "ttyUSB7"), "cannot open the port: No such file or directory$")


def test_no_serial_port(tmp_path: Path) -> None:
    (tmp_path / "file").write_text("")
    expect_error(str(tmp_path / "file"), "cannot open the port: ")


def test_silent_port() -> None:
    with PtyCore(lambda data: b"") as core:
        began = time.monotonic()
        expect_error(core.port, "silent: no answer to IDENTIFY")
        assert time.monotonic() - began < 2


def test_port_that_answers_rubbish() -> None:
    with PtyCore(lambda data: b"\r\nlogin: " * len(data)) as core:
        expect_error(core.port, "what answers is no core: [0-9]+ bytes, but no reply to IDENTIFY")


def test_port_that_echoes() -> None:
    with PtyCore(lambda data: data) as core:
        expect_error(core.port, "what answers is no core: [0-9]+ bytes")


def test_cable_pulled() -> None:
    with PtyCore(ModelCore(TINY).feed) as core:
        board = LinkBoard(TINY, SerialTransport(core.port, TINY.baud, 0.2))
        core.unplug()
        with pytest.raises(LinkError, match=f"^serial:{core.port}: "):
            board.counters()
        board.close()
        board.close()


def test_port_that_takes_nothing() -> None:
    with PtyCore(ModelCore(TINY).feed) as core:
        transport = SerialTransport(core.port, TINY.baud, 0.2)
        core._stop.set()
        core._thread.join()
        with pytest.raises(LinkError, match="the port takes no bytes"):
            transport.write(bytes(1 << 20))
        transport.close()
        core._stop.clear()
