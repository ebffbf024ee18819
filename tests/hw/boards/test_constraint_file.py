# amaranth: UnusedElaboratable=no
"""Constraint files: what they say, and that they say what the boards' platforms do."""

from __future__ import annotations

import dataclasses
from pathlib import Path

import pytest
from amaranth.hdl import Module
from amaranth.lib import stream, wiring
from amaranth.lib.wiring import In, Out

from onward.hw.boards import board_top
from onward.hw.boards.catalogue import BOARDS
from onward.hw.boards.constraint_file import check_constraints, statements
from onward.hw.boards.errors import BuildError
from onward.hw.spec.presets import PRESETS

TEXT = """# pins
LOCATE COMP "a" SITE "B2"; // a light
IOBUF  PORT "a"
    IO_TYPE=LVCMOS33;
FREQUENCY PORT "c" 25000000.0 HZ;
"""


class Echo(wiring.Component):
    """Stands for the core: pins do not depend on it."""

    def __init__(self, config):
        super().__init__({"i": In(stream.Signature(8)), "o": Out(stream.Signature(8)), "busy": Out(1)})

    def elaborate(self, platform):
        m = Module()
        wiring.connect(m, wiring.flipped(self.i), wiring.flipped(self.o))
        return m


def test_statements():
    assert statements(TEXT, "lpf") == [
        'LOCATE COMP "a" SITE "B2"',
        'IOBUF PORT "a" IO_TYPE=LVCMOS33',
        'FREQUENCY PORT "c" 25000000 HZ',
    ]
    assert statements("set_io a 35 # clock\n\nset_frequency a 12.0\n", "pcf") == ["set_io a 35", "set_frequency a 12"]


def test_more_is_allowed_and_less_is_not():
    path = Path("constraints/there/board.lpf")
    check_constraints(path, TEXT + 'LOCATE COMP "x" SITE "R1C1";\n', TEXT)
    with pytest.raises(BuildError, match=r"constraints/there/board.lpf does not say 'LOCATE COMP \"a\" SITE \"B3\"'"):
        check_constraints(path, TEXT, TEXT.replace("B2", "B3"))
    with pytest.raises(BuildError, match=r"\(and 1 more\)"):
        check_constraints(path, TEXT, TEXT.replace("B2", "B3").replace("LVCMOS33", "LVCMOS18"))


@pytest.mark.parametrize("name", BOARDS)
def test_files_agree_with_the_platforms(name, monkeypatch):
    monkeypatch.setattr(board_top, "ByteTop", Echo)
    board = BOARDS[name]
    config = dataclasses.replace(PRESETS["tiny"], clock_mhz=24.0, baud=1_000_000)
    plan = board.platform().prepare(board_top.BoardTop(board, config), "onward", emit_src=False, **board.options)
    asked = plan.files[f"onward.{board.family.constraints}"]
    asked = asked.decode() if isinstance(asked, bytes) else asked
    check_constraints(board.constraints, board.constraints.read_text(), asked)
    pins = [line for line in statements(asked, board.family.constraints) if "uart" in line or "led" in line.lower()]
    assert len(pins) >= 5
