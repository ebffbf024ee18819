"""Verdicts of both solvers on small circuits whose truth is known."""

from __future__ import annotations

from pathlib import Path

import pytest
from amaranth.hdl import Signal

from onward.sim.formal.bench import Bench
from onward.sim.formal.engines import Verdict
from onward.sim.formal.proof import Method, Proof
from onward.sim.formal.runner import run_proof
from onward.sim.formal.variant import Mutant

GENERATOR = "onward.hw.core.generator"
UNBOUNDED, INDUCTION, BOUNDED = Method("reachability"), Method("induction", 3), Method("bounded", 12)


def counts_to(limit: int, claimed: int):
    """A counter that stops at ``limit``, and the claim that it never reaches ``claimed``."""

    def build(bench: Bench) -> None:
        count = Signal(8)
        with bench.m.If(bench.free("step") & (count != limit)):
            bench.m.d.sync += count.eq(count + 1)
        bench.claim(count != claimed, "the counter is too high")

    return build


def proof(build, method: Method, mutants: tuple[Mutant, ...] = ()) -> Proof:
    return Proof("counter", "a claim", build, method, mutants)


@pytest.mark.parametrize("method", [UNBOUNDED, BOUNDED], ids=str)
def test_a_claim_that_holds_is_proved(method: Method) -> None:
    assert run_proof(proof(counts_to(5, 6), method)).verdict is Verdict.PROVED


@pytest.mark.parametrize("method", [UNBOUNDED, BOUNDED], ids=str)
def test_a_claim_that_fails_is_refuted_with_its_name_and_a_waveform(method: Method, tmp_path: Path) -> None:
    result = run_proof(proof(counts_to(9, 6), method), folder=tmp_path)
    assert result.verdict is Verdict.REFUTED
    assert "the counter is too high" in result.detail
    assert result.trace is not None and "count" in result.trace.read_text()
    assert not result.passed


def test_a_bound_that_is_too_low_sees_nothing_and_reachability_does() -> None:
    assert run_proof(proof(counts_to(200, 100), BOUNDED)).verdict is Verdict.PROVED
    assert run_proof(proof(counts_to(200, 100), UNBOUNDED)).verdict is Verdict.REFUTED


def test_a_claim_that_does_not_follow_from_itself_is_not_inductive() -> None:
    assert run_proof(proof(counts_to(20, 100), INDUCTION)).verdict is Verdict.UNPROVED


def test_a_solver_that_takes_too_long_gives_no_verdict() -> None:
    def build(bench: Bench) -> None:
        left, right = bench.constant("left", 40), bench.constant("right", 40)
        bench.claim((left * right != 1_000_000_016_000_000_063) | (left == 1) | (right == 1), "a product of primes")

    assert run_proof(proof(build, BOUNDED), timeout=1).verdict is Verdict.UNDECIDED


def test_a_mutant_that_breaks_no_claim_is_not_caught() -> None:
    def build(bench: Bench) -> None:
        generator = bench.load(GENERATOR).Generator(1)
        bench.add("generator", generator)
        bench.claim(generator.state != 0, "stuck")

    harmless = Mutant("another shift", GENERATOR, "first >> 17", "first >> 16")
    said: list[str] = []
    result = run_proof(proof(build, INDUCTION, (harmless,)), said.append)
    assert result.verdict is Verdict.PROVED
    assert not result.mutants[0].caught
    assert not result.passed
    assert "NOT CAUGHT" in said[-1]


def test_free_products_are_free_in_the_unit_and_true_in_the_claims() -> None:
    multiplier = "onward.hw.core.multiplier"

    def build(bench: Bench) -> None:
        unit = bench.load(multiplier).Multiplier()
        bench.add("unit", unit)
        factor = bench.free("factor", 4)
        bench.claim(factor * 3 == factor + factor + factor, "the claim's own product")
        bench.claim(unit.product == 0, "the unit's product")

    true = Proof("products", "a claim", build, BOUNDED, ())
    free = Proof("products", "a claim", build, BOUNDED, (), free_products=True)
    assert run_proof(true).verdict is Verdict.PROVED  # nothing loads the factors
    result = run_proof(free)
    assert result.verdict is Verdict.REFUTED
    assert "the unit s product" in result.detail
