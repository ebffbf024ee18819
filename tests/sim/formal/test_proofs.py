"""The claims that take seconds hold, and the first mutant of each proof is caught; ``make formal`` does all of them."""

from __future__ import annotations

import pytest

from onward.sim.formal.catalogue import PROOFS
from onward.sim.formal.engines import Verdict
from onward.sim.formal.proof import Proof
from onward.sim.formal.runner import run_proof
from onward.sim.formal.variant import Variant

QUICK = [proof for proof in PROOFS.values() if proof.quick]


@pytest.mark.parametrize("proof", QUICK, ids=lambda proof: proof.name)
def test_claims_hold_and_a_mutant_is_caught(proof: Proof) -> None:
    result = run_proof(proof, timeout=120, mutants=proof.mutants[:1])
    assert result.verdict is Verdict.PROVED, result.detail
    assert result.mutants[0].caught, f"the proof does not notice: {result.mutants[0].name}"


@pytest.mark.parametrize("proof", PROOFS.values(), ids=lambda proof: proof.name)
def test_every_mutant_can_be_made_of_the_present_source(proof: Proof) -> None:
    assert proof.mutants, "a proof that cannot fail proves nothing"
    for mutant in proof.mutants:
        Variant(mutant).load(mutant.module)
