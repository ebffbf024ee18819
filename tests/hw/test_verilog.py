import os
import subprocess
import sys
from pathlib import Path

import pytest
from amaranth.hdl import Module
from amaranth.lib import wiring
from amaranth.lib.memory import Memory
from amaranth.lib.wiring import In, Out

from onward.hw.verilog import generate, save

_PRINT_HASH = """
import hashlib
from onward.hw.spec.presets import PRESETS
from onward.hw.top import ByteTop
from onward.hw.verilog import generate
print(hashlib.sha256(generate(ByteTop(PRESETS["tiny"])).encode()).hexdigest())
"""


class Bits(wiring.Component):
    """Half of ``o`` is constant."""

    i: In(1)
    o: Out(8)

    def elaborate(self, platform):
        m = Module()
        m.d.comb += self.o[4:].eq(5)
        with m.If(self.i):
            m.d.comb += self.o[:4].eq(9)
        return m


class Table(wiring.Component):
    """A memory of 8 words."""

    address: In(3)
    word: Out(4)

    def __init__(self, init):
        self._init = init
        super().__init__()

    def elaborate(self, platform):
        m = Module()
        m.submodules.memory = memory = Memory(shape=4, depth=8, init=self._init)
        port = memory.read_port(domain="comb")
        m.d.comb += [port.addr.eq(self.address), self.word.eq(port.data)]
        memory.write_port()
        return m


def test_ports_and_name():
    text = generate(Bits(), "half")
    assert "module half(" in text
    assert "output [7:0] o;" in text


@pytest.mark.parametrize("name", ["", "2nd", "a b", "top;"])
def test_bad_name(name):
    with pytest.raises(ValueError, match="module name"):
        generate(None, name)


def test_constant_bits_are_processes_that_run():
    text = generate(Bits())
    assert "always @*" not in text
    assert "always_comb\n    o[7:4] = 4'h5;" in text
    assert "dump_module" not in text


def test_zero_memory_is_a_loop():
    text = generate(Table([]))
    assert "for (int i = 0; i < 8; i = i + 1)\n      memory[i] = 4'h0;\n  end\n" in text
    assert "memory[1]" not in text


@pytest.mark.parametrize("init", [[1], [0, 0, 3], [0] * 7 + [1]])
def test_other_memories_are_kept(init):
    text = generate(Table(init))
    for row, value in enumerate(init + [0] * (8 - len(init))):
        assert f"memory[{row}] = 4'h{value};" in text


def test_no_trace_of_the_machine():
    text = generate(Bits())
    assert "src" not in text
    assert str(Path.cwd()) not in text
    assert __file__ not in text


def test_same_text_whatever_the_hash_seed():
    hashes = set()
    for seed in ("1", "2"):
        environment = os.environ | {"PYTHONHASHSEED": seed}
        done = subprocess.run(
            [sys.executable, "-c", _PRINT_HASH], env=environment, stdout=subprocess.PIPE, text=True, check=True
        )
        hashes.add(done.stdout)
    assert len(hashes) == 1


def test_save_writes_all(tmp_path):
    save("module\n", tmp_path / "a.sv")
    assert (tmp_path / "a.sv").read_bytes() == b"module\n"
    assert [path.name for path in tmp_path.iterdir()] == ["a.sv"]


def test_save_or_nothing(tmp_path):
    (tmp_path / "a.sv").write_text("before")
    with pytest.raises(UnicodeEncodeError):
        save("after\ud800", tmp_path / "a.sv")
    assert (tmp_path / "a.sv").read_text() == "before"
    assert len(list(tmp_path.iterdir())) == 1
