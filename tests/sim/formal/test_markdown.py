"""Proofs as a section of a document."""

from __future__ import annotations

from onward.sim.formal.engines import Verdict
from onward.sim.formal.markdown import section
from onward.sim.formal.proof import Method, Proof
from onward.sim.formal.runner import MutantResult, ProofResult


def test_section() -> None:
    proof = Proof("a-proof", "it holds", lambda bench: None, Method("reachability"), ())
    mutants = (MutantResult("one", True, "", 1.0), MutantResult("two", False, "", 1.0))
    result = ProofResult("a-proof", "unbounded", Verdict.PROVED, "", 2.4, 1.0, mutants)
    text = section([proof], [result], 9.0)
    assert "| `a-proof` | it holds | unbounded | proved, 2 s | one; two (NOT CAUGHT) |" in text
    assert "0 of 1 proofs hold, and 1 of\n2 mutants break them; 9 s." in text
