"""A design that echoes bytes: quick to build, and it can be made to fail."""

import tempfile
from pathlib import Path

import pytest
from amaranth.hdl import Assert, Format, Module, Print, Signal
from amaranth.lib import stream, wiring
from amaranth.lib.wiring import In, Out

from onward.hw.verilog import generate
from onward.sim.board import simulator
from onward.sim.board.build import build_library


class Echo(wiring.Component):
    """Sends back each byte, exclusive-ored with 0x50 unless it is 0; prints 0x22, and 0x33 may not come."""

    i: In(stream.Signature(8))
    o: Out(stream.Signature(8))

    def elaborate(self, platform):
        m = Module()
        m.submodules.checker = checker = Module()
        byte = self.i.payload
        key = Signal(8)
        m.d.comb += [
            key[4:].eq(5),  # constant beside bits that are not
            self.o.valid.eq(self.i.valid),
            self.i.ready.eq(self.o.ready),
            self.o.payload.eq(byte ^ key),
        ]
        with m.If(byte == 0):
            m.d.comb += [key[:4].eq(0), self.o.payload.eq(0)]
        with m.If(self.i.valid & self.i.ready & (byte == 0x22)):
            m.d.sync += Print(Format("the byte is {:02x}", byte))
        checker.d.sync += Assert(~self.i.valid | (byte != 0x33), Format("{:02x} came", byte))
        return m


@pytest.fixture(scope="session")
def echo_verilog() -> str:
    return generate(Echo())


@pytest.fixture
def echo(echo_verilog: str, monkeypatch: pytest.MonkeyPatch) -> simulator.Simulator:
    """A simulator of the echo in place of a core."""
    library: Path = build_library(echo_verilog)
    monkeypatch.setattr(simulator, "board_library", lambda config, divisor: library)
    return simulator.Simulator(None)


@pytest.fixture
def cache(tmp_path, monkeypatch):
    """An empty cache, with a space in its path, and an empty folder for temporary files beside it."""
    monkeypatch.setenv("ONWARD_CACHE", str(tmp_path / "the cache"))
    (tmp_path / "work").mkdir()
    monkeypatch.setattr(tempfile, "tempdir", str(tmp_path / "work"))
    return tmp_path / "the cache"
