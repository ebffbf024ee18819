"""Bytes on a link, counted."""

from __future__ import annotations

from onward.sw.driver.counted_transport import CountedTransport
from onward.sw.driver.link_board import LinkBoard

from .driver_data import TINY, batch_of, program
from .model_core import ModelCore, ModelTransport


class Echo:
    """Gives back what it gets, once."""

    name = "echo"

    def __init__(self) -> None:
        self.held, self.closed = b"", False

    def write(self, data: bytes) -> None:
        self.held += data

    def read(self, patience: int = 1) -> bytes:
        data, self.held = self.held, b""
        return data

    def close(self) -> None:
        self.closed = True


def test_counts_both_ways() -> None:
    echo = Echo()
    link = CountedTransport(echo)
    assert (link.name, link.written, link.received) == ("echo", 0, 0)
    link.write(b"abc")
    link.write(b"de")
    assert (link.written, link.received) == (5, 0)
    assert link.read() == b"abcde"
    assert link.read() == b""
    assert (link.written, link.received) == (5, 5)
    link.close()
    assert echo.closed


def test_carries_a_board() -> None:
    link = CountedTransport(ModelTransport(ModelCore(TINY)))
    with LinkBoard(TINY, link) as board:
        board.load_program(program())
        before = link.written, link.received
        assert len(board.run("train", batch_of(5))) == 5
    assert link.written - before[0] > 5 * 11
    assert link.received - before[1] >= 5 * 13
