"""What a campaign says about the benches."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any

from .campaign import Verdict
from .equivalence import prove_equivalent
from .judged import argued_equivalent, description

__all__ = ["LEAST", "ModuleScore", "Survivor", "report", "score"]

LEAST = 85.0
"""Percent of the mutants that are not equivalent which every module's benches must catch."""


@dataclass(frozen=True)
class Survivor:
    """A mutant that no bench has caught.

    Members
    -------
    mutant : in one line. judgement : ``proved`` or ``argued`` equivalent, or ``open``. why : the argument, if any.
    """

    mutant: str
    judgement: str
    why: str = ""


@dataclass(frozen=True)
class ModuleScore:
    """Figures of one module; ``open`` survivors count against its benches, whether or not they are holes."""

    module: str
    benches: tuple[str, ...]
    mutants: int
    caught: int
    survivors: tuple[Survivor, ...]

    def judged(self, judgement: str) -> int:
        """How many survivors were judged so."""
        return sum(survivor.judgement == judgement for survivor in self.survivors)

    @property
    def percent(self) -> float:
        """Of the mutants that are not known to be equivalent, how many were caught."""
        different = self.caught + self.judged("open")
        return 100 * self.caught / different if different else 100.0


def score(
    verdicts: Sequence[Verdict],
    benches: Callable[[str], tuple[str, ...]],
    progress: Callable[[int, str], None] = lambda done, note: None,
) -> list[ModuleScore]:
    """Judge the survivors, and count.

    Parameters
    ----------
    verdicts : of a campaign.
    benches : those of a module.
    progress : called with how many survivors have been judged, and what goes on.
    """
    scores, done = [], 0
    for module in dict.fromkeys(verdict.mutant.module for verdict in verdicts):
        own = [verdict for verdict in verdicts if verdict.mutant.module == module]
        survivors = []
        for verdict in own:
            if not verdict.caught:
                progress(done, f"{module}: looking for a proof")
                survivors.append(_judge(verdict))
                done += 1
        scores.append(ModuleScore(module, benches(module), len(own), len(own) - len(survivors), tuple(survivors)))
    return scores


def report(scores: Sequence[ModuleScore]) -> dict[str, Any]:
    """The figures for a JSON file."""
    return {
        "mutants": sum(each.mutants for each in scores),
        "caught": sum(each.caught for each in scores),
        "modules": [
            {
                "module": each.module,
                "benches": list(each.benches),
                "mutants": each.mutants,
                "caught": each.caught,
                "proved_equivalent": each.judged("proved"),
                "argued_equivalent": each.judged("argued"),
                "open": each.judged("open"),
                "percent": round(each.percent, 1),
                "survivors": [vars(survivor) for survivor in each.survivors],
            }
            for each in scores
        ],
    }


def _judge(verdict: Verdict) -> Survivor:
    text = description(verdict.mutant)
    if prove_equivalent(verdict.design, verdict.mutant):
        return Survivor(text, "proved")
    why = argued_equivalent(verdict.mutant)
    return Survivor(text, "argued" if why else "open", why)
