# amaranth: UnusedElaboratable=no
"""Constraint files: what they say, and that they say what the boards' platforms do."""

from __future__ import annotations

from pathlib import Path

import pytest

from onward.hw.boards.catalogue import BOARDS
from onward.hw.boards.constraint_file import check_constraints, statements
from onward.hw.boards.errors import BuildError

from .echo import echo_plan

TEXT = """# pins
LOCATE COMP "a" SITE "B2"; // a light
IOBUF  PORT "a"
    IO_TYPE=LVCMOS33;
FREQUENCY PORT "c" 25000000.0 HZ;
"""


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
    board = BOARDS[name]
    plan = echo_plan(board, monkeypatch)
    asked = plan.files[f"onward.{board.family.constraints}"]
    asked = asked.decode() if isinstance(asked, bytes) else asked
    check_constraints(board.constraints, board.constraints.read_text(), asked)
    pins = [line for line in statements(asked, board.family.constraints) if "uart" in line or "led" in line.lower()]
    assert len(pins) >= 5
