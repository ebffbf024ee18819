import os
import time

import pytest
import serial

from onward.hw.spec.presets import PRESETS
from onward.hw.spec.protocol import Command
from onward.sim.board.pty import serve
from onward.sim.board.simulator import SimError, Simulator
from onward.sw.driver.frames import FrameDecoder, encode_frame, parse_identity

TINY = PRESETS["tiny"]
SECONDS = 10


def ask(port, sequence):
    port.write(encode_frame(Command.IDENTIFY, sequence))
    (reply,) = FrameDecoder().feed(port.read_until(b"\0"))
    assert reply.sequence == sequence
    parse_identity(reply.result()).check(TINY)


def test_pyserial():
    with Simulator(TINY, "uart") as simulator, serve(simulator) as path:
        for _ in range(2):  # a port may be closed and opened again
            with serial.Serial(path, 115200, timeout=SECONDS) as port:
                ask(port, 10)  # 10 and 13 are line ends to a terminal that is not raw
                ask(port, 13)


def test_slows_down_when_nothing_happens():
    with Simulator(TINY, "uart") as simulator, serve(simulator) as path:
        deadline = time.monotonic() + SECONDS
        before = -1
        while simulator.cycles - before > 100_000 and time.monotonic() < deadline:
            before = simulator.cycles
            time.sleep(0.2)
        assert simulator.cycles - before <= 100_000
        with serial.Serial(path, timeout=SECONDS) as port:
            ask(port, 1)


def test_error_reaches_the_owner(monkeypatch):
    with Simulator(TINY, "uart") as simulator:

        def fail(cycles):
            raise SimError("it stopped")

        monkeypatch.setattr(simulator, "run", fail)
        with pytest.raises(SimError, match="it stopped"), serve(simulator) as path:
            port = serial.Serial(path, timeout=SECONDS)
            port.write(b"?")
            port.read(1)  # hangs up instead of waiting


def test_leaves_nothing_open():
    before = len(os.listdir("/dev/fd"))
    with Simulator(TINY, "uart") as simulator, serve(simulator):
        pass
    assert len(os.listdir("/dev/fd")) <= before


def test_byte_streams_are_no_serial_line(echo):
    with pytest.raises(ValueError, match="flavour 'uart', not 'bytes'"), serve(echo):
        pass
