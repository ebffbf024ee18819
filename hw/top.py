"""Whole designs: link and core behind byte streams, or behind the two pins of a serial line."""

from __future__ import annotations

from amaranth.hdl import Module
from amaranth.lib import stream, wiring
from amaranth.lib.wiring import In, Out

from onward.hw.compact.core import CompactCore
from onward.hw.core.core import Core
from onward.hw.link.link import Link
from onward.hw.link.uart import Uart
from onward.hw.spec.config import CoreConfig
from onward.hw.spec.protocol import max_payload

__all__ = ["ByteTop", "UartTop", "serial_line"]

_LEAST_QUEUE = 16


def serial_line(config: CoreConfig, divisor: int) -> Uart:
    """The UART in front of a core's link. Its queue holds twice what arrives while the link deals with the longest
    payload, but for a LOAD_PROGRAM of a compact core.

    Parameters
    ----------
    config : CoreConfig
        The core.
    divisor : int
        Clock cycles of one bit.

    Raises
    ------
    ValueError
        If ``divisor`` is below 4.
    """
    waiting = 2 * max_payload(config) // (10 * max(1, divisor))
    return Uart(divisor, max(_LEAST_QUEUE, 1 << waiting.bit_length()))


class ByteTop(wiring.Component):
    """A core behind its link, without a board around it::

        i -> Link -> o
              |
             Core

    Throughput: one byte a cycle each way; see :class:`onward.hw.link.link.Link` for when ``i`` has to wait.

    Parameters
    ----------
    config : CoreConfig
        The core.

    Members
    -------
    i : In(stream of 8 bits)
        Bytes from the host.
    o : Out(stream of 8 bits)
        Bytes to the host.
    busy : Out(1)
        A program runs, waits to start, or has results to send.
    """

    def __init__(self, config: CoreConfig) -> None:
        self._config = config
        super().__init__({"i": In(stream.Signature(8)), "o": Out(stream.Signature(8)), "busy": Out(1)})

    def elaborate(self, platform: object) -> Module:
        m = Module()
        m.submodules.link = link = Link(self._config)
        m.submodules.core = core = CompactCore(self._config) if self._config.compact else Core(self._config)
        wiring.connect(m, wiring.flipped(self.i), link.i)
        wiring.connect(m, link.core, core.host)
        wiring.connect(m, link.o, wiring.flipped(self.o))
        m.d.comb += self.busy.eq(core.host.busy)
        return m


class UartTop(wiring.Component):
    """A core behind a serial line: 8 data bits, no parity, one stop bit.

    Parameters
    ----------
    config : CoreConfig
        The core.
    divisor : int
        Clock cycles of one bit, at least 4; see :attr:`onward.hw.spec.config.CoreConfig.baud` for the rate wanted.

    Members
    -------
    rx : In(1), tx : Out(1)
        Pins, idle high. ``rx`` may change at any time.

    Raises
    ------
    ValueError
        If ``divisor`` is too small.
    """

    def __init__(self, config: CoreConfig, divisor: int) -> None:
        self._config = config
        self._uart = serial_line(config, divisor)
        super().__init__({"rx": In(1, init=1), "tx": Out(1, init=1)})

    def elaborate(self, platform: object) -> Module:
        m = Module()
        m.submodules.uart = uart = self._uart
        m.submodules.bytes = inner = ByteTop(self._config)
        m.d.comb += [uart.rx.eq(self.rx), self.tx.eq(uart.tx)]
        wiring.connect(m, uart.o, inner.i)
        wiring.connect(m, inner.o, uart.i)
        return m
