"""Runs proofs, and the mutants that each of them must catch."""

from __future__ import annotations

import tempfile
import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path

from .bench import Bench
from .engines import Answer, Verdict, decide
from .netlist import write_netlist
from .proof import Proof
from .variant import Mutant, Variant

__all__ = ["MutantResult", "ProofResult", "run_proof"]

_NETLIST_SECONDS = 300


@dataclass(frozen=True)
class MutantResult:
    """What became of a mutant.

    Parameters
    ----------
    name : of the mutant.
    caught : a claim fails, or no longer follows.
    detail : which claim, as far as known.
    seconds : that it took.
    """

    name: str
    caught: bool
    detail: str
    seconds: float


@dataclass(frozen=True)
class ProofResult:
    """What became of a proof.

    Parameters
    ----------
    name : of the proof. ``method`` : in words.
    verdict : about the gateware as it is.
    detail : the claim that fails, as far as known.
    seconds : that it took, netlist included. ``solver_seconds`` : of these, the solver's.
    mutants : one result each.
    trace : waveform of a claim that fails.
    """

    name: str
    method: str
    verdict: Verdict
    detail: str
    seconds: float
    solver_seconds: float
    mutants: tuple[MutantResult, ...]
    trace: Path | None = None

    @property
    def passed(self) -> bool:
        """The claims hold, and every mutant is caught."""
        return self.verdict is Verdict.PROVED and all(mutant.caught for mutant in self.mutants)


def run_proof(
    proof: Proof,
    progress: Callable[[str], None] = lambda line: None,
    *,
    timeout: float = 600,
    mutants: Sequence[Mutant] | None = None,
    folder: Path | None = None,
) -> ProofResult:
    """Check the claims of ``proof``, then that its mutants break them.

    Parameters
    ----------
    progress : called with a line of text whenever a verdict is there.
    timeout : seconds that a solver may take for one verdict.
    mutants : which; all of the proof's by default.
    folder : keeps the waveform of a claim that fails.

    Raises
    ------
    SolverError
        If yosys or a solver fails.
    MutantError
        If a mutant cannot be made of the present source.
    """
    began = time.monotonic()
    trace = None
    with tempfile.TemporaryDirectory(prefix="onward-formal-") as name:
        work = Path(name)
        answer = _ask(proof, None, work, timeout, trace=folder is not None)
        waves = work / "trace.vcd"
        if folder is not None and waves.exists():
            folder.mkdir(parents=True, exist_ok=True)
            trace = folder / f"{proof.name}.vcd"
            trace.write_bytes(waves.read_bytes())
    seconds = time.monotonic() - began
    progress(f"{proof.name}: {answer.verdict.value}{_where(answer)} in {seconds:.1f} s ({proof.method})")
    results = []
    for mutant in proof.mutants if mutants is None else mutants:
        begun = time.monotonic()
        with tempfile.TemporaryDirectory(prefix="onward-formal-") as name:
            outcome = _ask(proof, mutant, Path(name), timeout, trace=False)
        caught = outcome.verdict in (Verdict.REFUTED, Verdict.UNPROVED)
        results.append(MutantResult(mutant.name, caught, outcome.claim, time.monotonic() - begun))
        told = "caught" if caught else f"NOT CAUGHT ({outcome.verdict.value})"
        progress(f"{proof.name}, mutant: {mutant.name}: {told} in {results[-1].seconds:.1f} s")
    return ProofResult(
        proof.name,
        str(proof.method),
        answer.verdict,
        _where(answer).strip(" :"),
        seconds,
        answer.seconds,
        tuple(results),
        trace,
    )


def _ask(proof: Proof, mutant: Mutant | None, work: Path, timeout: float, *, trace: bool) -> Answer:
    variant = Variant(mutant)
    bench = Bench(variant)
    proof.build(bench)
    variant.check()
    bits = proof.method.name == "reachability"
    write_netlist(bench, work, free_products=proof.free_products, bits=bits, timeout=_NETLIST_SECONDS)
    return decide(proof.method, work, timeout, trace=trace)


def _where(answer: Answer) -> str:
    """The claim that fails, as far as known."""
    return f": {answer.claim}" if answer.claim else ""
