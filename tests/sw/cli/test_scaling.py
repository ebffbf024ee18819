"""``onward scaling``."""

from __future__ import annotations

import json
from collections.abc import Callable
from pathlib import Path

import pytest

from onward.sw.driver import costs
from onward.sw.driver.golden_board import GoldenBoard

from ..driver.model_core import ModelCore, ModelTransport
from .conftest import Run

SHORT = ("scaling", "--preset", "tiny", "--rules", "bp,pff", "--warm", 2, "--count", 3, "--out", "DIR")
PLACES = ("--widths", "4,8", "--depths", "1,2", "--lanes", "4")


def test_table_picture_and_json(run: Run) -> None:
    result = run(*SHORT, *PLACES, "--json", "a.json")
    assert result.exit_code == 0, result.stderr
    figures = json.loads(Path("DIR/scaling.json").read_text())
    assert json.loads(Path("a.json").read_text()) == figures
    assert Path("DIR/scaling.png").read_bytes().startswith(b"\x89PNG")
    page = Path("DIR/scaling.md").read_text()
    assert page in result.stdout
    assert "| cycles of one more layer, training |" in page
    assert "pff does not fit depth 1: tiny: the pff rule needs at least two hidden layers, not 1." in page
    assert "Against the simulated core" not in page
    places = [(point["axis"], point["value"], point["rule"]) for point in figures["points"]]
    assert places[:4] == [("width", 4, "bp"), ("width", 4, "pff"), ("width", 8, "bp"), ("width", 8, "pff")]
    grown = {row["axis"] for row in figures["growth"]}
    # There is but one number of lanes.
    assert grown == {"width", "depth"}


def test_checked_on_a_core_with_a_clock(run: Run, monkeypatch: pytest.MonkeyPatch) -> None:
    # The model of a core counts 100 cycles a sample.
    monkeypatch.setattr(costs, "SimTransport", lambda config: ModelTransport(ModelCore(config)))
    nothing = ("--widths", "", "--depths", "", "--lanes", "4", "--rules", "bp", "--check", "lanes=4")
    result = run(*SHORT, *nothing)
    assert result.exit_code == 0, result.stderr
    (check,) = json.loads(Path("DIR/scaling.json").read_text())["checks"]
    assert (check["axis"], check["value"], check["differences"]) == ("lanes", 4, [])
    assert check["train_cycles"] == 100 != check["train_cycles_predicted"]
    assert "| lanes 4 | bp |" in result.stdout
    read = GoldenBoard.read_weights
    monkeypatch.setattr(GoldenBoard, "read_weights", lambda board, rows=None: read(board, rows) + 1)
    # What is kept is not counted again.
    assert run(*SHORT, *nothing).exit_code == 0
    result = run(*SHORT, *nothing, "--out", "OTHER")
    assert result.exit_code == 1
    assert "no: train: weights, infer: weights" in result.stdout
    assert result.stderr == "NOT EQUAL to the golden model\n"


def test_refusals(refused: Callable[..., str]) -> None:
    assert "axis width must be rising whole numbers such as 1,2,4, not '8,4'" in refused(*SHORT, "--widths", "8,4")
    assert "axis lanes must be rising whole numbers" in refused(*SHORT, "--lanes", "many")
    assert "lanes must be 1 to 1024, not 2000" in refused(*SHORT, "--lanes", "4,2000")
    assert "--check takes AXIS=N, such as width=64, not 'width'" in refused(*SHORT, "--check", "width")
    assert "unknown axis 'size'" in refused(*SHORT, "--check", "size=3")
    assert "no rule fits depth 1: tiny: the pff rule" in refused(*SHORT, "--rules", "pff", "--depths", "1")
    assert "there are" in refused(*SHORT, *PLACES, "--warm", 99999)
    Path("DIR").touch()
    assert "is no folder to write in" in refused(*SHORT)
