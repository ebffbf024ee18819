"""Serial line: 8 data bits, no parity, one stop bit."""

from __future__ import annotations

from amaranth.hdl import Cat, Module, Signal
from amaranth.lib import cdc, fifo, stream, wiring
from amaranth.lib.wiring import In, Out

__all__ = ["Uart"]

_LEAST_DIVISOR = 4


class _Receiver(wiring.Component):
    """Bytes from a synchronised line; ``o`` cannot wait: a byte that is not taken in its cycle is lost."""

    def __init__(self, divisor: int) -> None:
        self._divisor = divisor
        super().__init__({"line": In(1, init=1), "o": Out(stream.Signature(8, always_ready=True))})

    def elaborate(self, platform: object) -> Module:
        m = Module()
        timer = Signal(range(self._divisor))
        bits = Signal(range(8))
        tick = Signal()
        m.d.comb += tick.eq(timer == 0)
        m.d.sync += timer.eq(timer - 1)
        with m.If(tick):
            m.d.sync += timer.eq(self._divisor - 1)

        with m.FSM():
            with m.State("IDLE"):
                # The line has been low for one cycle: to the middle of the start bit.
                m.d.sync += timer.eq(self._divisor // 2 - 1)
                with m.If(~self.line):
                    m.next = "START"
            with m.State("START"), m.If(tick):
                m.next = "IDLE"  # too short for a start bit
                with m.If(~self.line):
                    m.next = "DATA"
            with m.State("DATA"), m.If(tick):
                m.d.sync += [self.o.payload.eq(Cat(self.o.payload[1:], self.line)), bits.eq(bits + 1)]
                with m.If(bits.all()):
                    m.next = "STOP"
            with m.State("STOP"), m.If(tick):
                m.d.comb += self.o.valid.eq(self.line)
                m.next = "IDLE"
                with m.If(~self.line):
                    m.next = "BREAK"
            with m.State("BREAK"), m.If(self.line):
                m.next = "IDLE"

        return m


class _Transmitter(wiring.Component):
    """Bytes to a line."""

    def __init__(self, divisor: int) -> None:
        self._divisor = divisor
        super().__init__({"i": In(stream.Signature(8)), "line": Out(1, init=1)})

    def elaborate(self, platform: object) -> Module:
        m = Module()
        timer = Signal(range(self._divisor))
        bits = Signal(range(10))  # left to begin
        waiting = Signal(9)
        m.d.comb += self.i.ready.eq((bits == 0) & (timer == 0))
        with m.If(timer != 0):
            m.d.sync += timer.eq(timer - 1)
        with m.Elif(bits != 0):
            m.d.sync += [Cat(self.line, waiting).eq(Cat(waiting, 1)), bits.eq(bits - 1), timer.eq(self._divisor - 1)]
        with m.Elif(self.i.valid):
            m.d.sync += [
                self.line.eq(0),
                waiting.eq(Cat(self.i.payload, 1)),
                bits.eq(9),
                timer.eq(self._divisor - 1),
            ]
        return m


class Uart(wiring.Component):
    """A UART between two byte streams and two pins.

    A received byte is dropped if its stop bit is missing, or if the queue is full because ``o`` was not ready for too
    long. A frame that lost a byte fails its checksum, so nothing wrong is ever acted on. The link takes no bytes for
    about as many cycles as the longest payload has bytes and segments: ``depth`` has to be more than that
    / (10 * ``divisor``).

    Bits are sampled in their middle, off by less than a cycle and a half. ``divisor`` is a whole number; the rounding
    of clock / baud and the error of both clocks may add up to 4 % with a divisor of 16 and more.

    Latency: a byte is on ``o`` 9.5 bits and 4 cycles after its start bit has begun. Throughput: 10 * ``divisor`` cycles
    a byte, both ways, without gaps.

    Parameters
    ----------
    divisor : int
        Clock cycles of one bit, at least 4.
    depth : int
        Received bytes that may wait, at least 2.

    Members
    -------
    rx : In(1), tx : Out(1)
        Pins, idle high. ``rx`` may change at any time.
    i : In(stream of 8 bits)
        Bytes to send.
    o : Out(stream of 8 bits)
        Bytes received.

    Raises
    ------
    ValueError
        If ``divisor`` or ``depth`` is too small.
    """

    def __init__(self, divisor: int, depth: int = 16) -> None:
        if divisor < _LEAST_DIVISOR:
            raise ValueError(f"a bit must last at least {_LEAST_DIVISOR} clock cycles, not {divisor}")
        if depth < 2:
            raise ValueError(f"the queue must hold at least 2 bytes, not {depth}")
        self._divisor = divisor
        self._depth = depth
        super().__init__(
            {
                "rx": In(1, init=1),
                "tx": Out(1, init=1),
                "i": In(stream.Signature(8)),
                "o": Out(stream.Signature(8)),
            }
        )

    def elaborate(self, platform: object) -> Module:
        m = Module()
        m.submodules.receiver = receiver = _Receiver(self._divisor)
        m.submodules.transmitter = transmitter = _Transmitter(self._divisor)
        m.submodules.queue = queue = fifo.SyncFIFOBuffered(width=8, depth=self._depth)
        m.submodules.synchroniser = cdc.FFSynchronizer(self.rx, receiver.line, init=1)
        wiring.connect(m, wiring.flipped(self.i), transmitter.i)
        m.d.comb += [
            self.tx.eq(transmitter.line),
            queue.w_data.eq(receiver.o.payload),
            queue.w_en.eq(receiver.o.valid),
            self.o.payload.eq(queue.r_data),
            self.o.valid.eq(queue.r_rdy),
            queue.r_en.eq(self.o.ready),
        ]
        return m
