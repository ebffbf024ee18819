"""Proofs as a section of a document."""

from __future__ import annotations

from collections.abc import Sequence

from onward.sim.document import table

from .proof import Proof
from .runner import ProofResult

__all__ = ["section"]


def section(proofs: Sequence[Proof], results: Sequence[ProofResult], seconds: float) -> str:
    """The section's text: what is claimed, how it was proven, and the faults that break it."""
    mutants = sum(len(result.mutants) for result in results)
    caught = sum(mutant.caught for result in results for mutant in result.mutants)
    rows = [
        [
            f"`{proof.name}`",
            proof.claim,
            result.method,
            f"{result.verdict.value}, {result.seconds:.0f} s",
            "; ".join(f"{mutant.name}{'' if mutant.caught else ' (NOT CAUGHT)'}" for mutant in result.mutants),
        ]
        for proof, result in zip(proofs, results, strict=True)
    ]
    lines = [
        "## Formal proofs",
        "",
        f"`onward formal`: {sum(result.passed for result in results)} of {len(results)} proofs hold, and {caught} of",
        f"{mutants} mutants break them; {seconds:,.0f} s.",
        "",
        *table(["proof", "claim", "method", "verdict", "mutants caught"], rows),
    ]
    return "\n".join(lines) + "\n"
