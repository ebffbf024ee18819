"""Scores, and the section of a document that they are put into."""

from __future__ import annotations

from typing import Any

import pytest

from onward.sim.mutation import score as score_module
from onward.sim.mutation.campaign import Verdict
from onward.sim.mutation.design import Mutant
from onward.sim.mutation.judged import argued_equivalent, description
from onward.sim.mutation.markdown import section
from onward.sim.mutation.score import report, score

RESET = "mode const0 module onward cell $1 port rst portbit 0 wire rst wirebit 0"


def verdict(number: int, caught: str = "", change: str = "mode inv", module: str = "scalar_queue") -> Verdict:
    mutant = Mutant(number, module, ("hw/core/scalar_queue.py:47",), change, "-mode inv")
    return Verdict(mutant, "scalar_queue", caught, 0.1, None)  # type: ignore[arg-type]


@pytest.fixture
def figures(monkeypatch: pytest.MonkeyPatch) -> dict[str, Any]:
    """Seven mutants caught, one proved equivalent, one argued, one open; and a module without survivors."""
    monkeypatch.setattr(score_module, "prove_equivalent", lambda design, mutant: mutant.number == 8)
    verdicts = [*(verdict(number, "3 is not 4") for number in range(1, 8)), verdict(8), verdict(9, change=RESET)]
    verdicts += [verdict(10), verdict(11, "late", module="draw")]
    figures = report(score(verdicts, lambda module: ("bench",)))
    return {
        "preset": "tiny",
        "mutants_per_module": 10,
        "mutation_seed": 1,
        "effort": 4.0,
        "seconds": 12.5,
        "simulated_s": 9.5,
        **figures,
    }


def test_score(figures: dict[str, Any]) -> None:
    assert (figures["mutants"], figures["caught"]) == (11, 8)
    queue, draw = figures["modules"]
    counts = [queue[name] for name in ("mutants", "caught", "proved_equivalent", "argued_equivalent", "open")]
    assert counts == [10, 7, 1, 1, 1]
    assert queue["percent"] == 87.5 and draw["percent"] == 100
    assert [survivor["judgement"] for survivor in queue["survivors"]] == ["proved", "argued", "open"]


def test_arguments_hold_for_their_module_only() -> None:
    own, other = verdict(1, change=RESET).mutant, verdict(1, change=RESET, module="draw").mutant
    assert argued_equivalent(own).startswith("a core is reset by loading the bitstream only")
    assert not argued_equivalent(other)
    assert description(own) == f"hw/core/scalar_queue.py:47: {RESET}"


def test_section(figures: dict[str, Any]) -> None:
    text = section(figures)
    assert "| `scalar_queue` | bench | 10 | 7 | 1 | 1 | 1 | 87.5 % |" in text
    assert "- `hw/core/scalar_queue.py:47: mode inv`\n" in text
