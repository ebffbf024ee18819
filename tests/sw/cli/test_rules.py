"""``onward rules``."""

from __future__ import annotations

import json
from collections.abc import Callable
from pathlib import Path

import pytest

from onward.hw.spec.config import ConfigError
from onward.sw.cli import rule_runs
from onward.sw.cli.report import RunError
from onward.sw.cli.rules import chosen_rules
from onward.sw.driver import costs
from onward.sw.driver.golden_board import GoldenBoard
from onward.sw.driver.rules import RULES

from ..driver.model_core import ModelCore, ModelTransport
from .conftest import Run

SHORT = ("rules", "--preset", "tiny", "--dataset", "mnist-small", "--samples", 60, "--test", 40, "--validation", 50)
SHORT = (*SHORT, "--count", 4, "--out", "DIR")


@pytest.fixture(autouse=True)
def modelled(monkeypatch: pytest.MonkeyPatch) -> None:
    """The board ``sim`` is a model that takes bytes, and counts 100 cycles a sample: nothing is compiled."""
    monkeypatch.setattr(costs, "SimTransport", lambda config: ModelTransport(ModelCore(config)))


def test_all_that_fit_are_compared(run: Run) -> None:
    result = run(*SHORT, "--seed", 3, "--json", "a.json")
    assert result.exit_code == 0, result.stderr
    assert result.stderr == "onward: pff: does not fit: tiny: codes must be at most its 20 inputs, not 36\n"
    figures = json.loads(Path("DIR/rules.json").read_text())
    assert json.loads(Path("a.json").read_text()) == figures
    assert [row["rule"] for row in figures["rules"]] == list(RULES)
    assert (figures["images"], figures["validation_samples"], figures["test_samples"], figures["cost_samples"]) == (
        60,
        50,
        40,
        4,
    )
    for row in figures["rules"]:
        if row["rule"] == "pff":
            assert row["error"]
            continue
        assert 0 <= row["test_error_readout"] <= 100
        assert row["costs"]["train"]["cycles"]["measured"] == 100
        assert row["costs"]["differences"] == []
        assert json.loads(Path("DIR", row["rule"], "metrics.json").read_text())["seed"] == 3
    assert Path("DIR/rules.png").read_bytes().startswith(b"\x89PNG")
    page = Path("DIR/rules.md").read_text()
    assert "|  | ff | pff | sigprop | bp | dfa |" in page
    assert "pff does not fit: tiny: codes must be at most" in page


def test_what_is_done_is_not_done_again(run: Run, monkeypatch: pytest.MonkeyPatch) -> None:
    first = run(*SHORT, "--rules", "bp,dfa")
    assert first.exit_code == 0, first.stderr

    def again(*_: object) -> None:
        raise AssertionError("done again")

    monkeypatch.setattr(rule_runs, "carry_out", again)
    monkeypatch.setattr(rule_runs.RuleCosts, "figures", again)
    assert run(*SHORT, "--rules", "bp,dfa").stdout == first.stdout
    # Another comparison does not fit into the same folder.
    other = run(*SHORT, "--rules", "bp", "--seed", 1)
    assert other.exit_code == 2
    assert other.stderr == "onward: DIR/bp: was made with another recipe: choose another --out, or remove it\n"


def test_difference_is_told(run: Run, monkeypatch: pytest.MonkeyPatch) -> None:
    assert run(*SHORT, "--rules", "dfa").exit_code == 0
    Path("DIR/dfa/costs.json").unlink()
    read = GoldenBoard.read_weights
    monkeypatch.setattr(GoldenBoard, "read_weights", lambda board, rows=None: read(board, rows) + 1)
    result = run(*SHORT, "--rules", "dfa")
    assert result.exit_code == 1
    assert result.stderr == "NOT EQUAL to the golden model: dfa: train: weights, infer: weights\n"


def test_chosen_rules() -> None:
    assert chosen_rules(None, None) == {name: rule.parameters for name, rule in RULES.items()}
    chosen = chosen_rules("bp,ff", ["ff.rate=0.25", "ff.margin=2"])
    assert list(chosen) == ["bp", "ff"]
    assert chosen["ff"].rate == 0.25
    assert chosen["bp"] == RULES["bp"].parameters
    with pytest.raises(RunError, match="names a rule twice: bp,bp"):
        chosen_rules("bp,bp", None)
    for setting in ("rate=1", "ff.rate"):
        with pytest.raises(ConfigError, match="takes RULE.NAME=VALUE"):
            chosen_rules("ff", [setting])
    with pytest.raises(ConfigError, match="rule bp is none of ff"):
        chosen_rules("ff", ["bp.rate=1"])


def test_refusals(refused: Callable[..., str]) -> None:
    assert "unknown rule 'hebb'" in refused(*SHORT, "--rules", "hebb")
    assert "no rule fits: tiny: codes" in refused(*SHORT, "--rules", "pff")
    assert "costs are counted on golden or sim, not on 'serial:x'" in refused(*SHORT, "--board", "serial:x")
    assert "there are 60 training images" in refused(*SHORT, "--count", 61)
    Path("DIR").mkdir()
    Path("DIR/bp").mkdir()
    assert "DIR/bp: is no run that this command has made" in refused(*SHORT, "--rules", "bp")
