"""A core on a board: clock, serial line and lights around it."""

from __future__ import annotations

from amaranth.build import Platform
from amaranth.hdl import ClockDomain, ClockSignal, Elaboratable, Module, ResetSignal
from amaranth.lib import io, wiring

from onward.hw.spec.config import CoreConfig
from onward.hw.top import ByteTop, serial_line

from .board import Board, Light
from .power_up import PowerUp
from .reply_watch import ReplyWatch
from .status_lights import StatusLights

__all__ = ["BoardTop"]


class BoardTop(Elaboratable):
    """What a bitstream holds::

        oscillator -> PLL -> PowerUp -> clock and reset of the domain sync
        rx -> Uart -> ByteTop (link and core) -> busy
        tx <- Uart <-'  |                         |
              ReplyWatch '-> StatusLights <-------' -> alive, training, error

    Parameters
    ----------
    board : where it goes.
    config : the core.

    Raises
    ------
    BuildError
        If the board cannot make the clock or the baud rate.
    """

    def __init__(self, board: Board, config: CoreConfig) -> None:
        self._board = board
        self._config = config
        self._clocking = board.clocking(config.clock_mhz)
        self._divisor = board.divisor(config)

    def elaborate(self, platform: Platform) -> Module:
        m = Module()
        board = self._board
        pin = platform.request(board.clock, dir="-")
        m.submodules.pll = pll = board.family.pll(pin, self._clocking, platform)
        m.submodules.power_up = power_up = PowerUp()
        m.domains.sync = ClockDomain()
        m.d.comb += [
            power_up.clock.eq(pll.clock),
            power_up.locked.eq(pll.locked),
            ClockSignal().eq(pll.clock),
            ResetSignal().eq(power_up.reset),
        ]

        m.submodules.uart = uart = serial_line(self._config, self._divisor)
        m.submodules.bytes = inner = ByteTop(self._config)
        wiring.connect(m, uart.o, inner.i)
        wiring.connect(m, inner.o, uart.i)
        serial = platform.request("uart", dir="-")
        m.submodules.receiver = receiver = io.Buffer("i", serial.rx)
        m.submodules.transmitter = transmitter = io.Buffer("o", serial.tx)
        m.d.comb += [uart.rx.eq(receiver.i), transmitter.o.eq(uart.tx)]

        m.submodules.watch = watch = ReplyWatch()
        m.submodules.lights = lights = StatusLights(float(self._clocking.clock_mhz))
        m.d.comb += [
            watch.valid.eq(inner.o.valid & inner.o.ready),
            watch.byte.eq(inner.o.payload),
            lights.busy.eq(inner.busy),
            lights.refused.eq(watch.refused),
        ]
        states = (lights.alive, lights.training, lights.error)
        for number, (light, on) in enumerate(zip(board.lights, states, strict=True)):
            m.submodules[f"light_{number}"] = buffer = io.Buffer("o", _port(platform, light))
            m.d.comb += buffer.o.eq(on)
        return m


def _port(platform: Platform, light: Light) -> io.PortLike:
    """The pin of a light: a resource, or a part of one that has been requested before for another part."""
    name, number, *part = light
    requested = platform.__dict__.setdefault("onward_lights", {})
    if (name, number) not in requested:
        requested[name, number] = platform.request(name, number, dir="-")
    port = requested[name, number]
    return getattr(port, part[0]) if part else port
