"""What a proof is."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

from .bench import Bench
from .variant import Mutant

__all__ = ["Method", "Proof"]


@dataclass(frozen=True)
class Method:
    """How the solver goes about it.

    Parameters
    ----------
    name : ``reachability`` (property-directed reachability over bits: unbounded, needs no help, for control and
        buffers), ``induction`` (over words: unbounded, if a claim that held for ``depth`` cycles goes on to hold; for
        arithmetic in pipelines) or ``bounded`` (over words: the first ``depth`` cycles after the start, all inputs).
    depth : cycles; reachability has none.
    """

    name: str
    depth: int = 0

    def __str__(self) -> str:
        return {"reachability": "unbounded", "induction": f"{self.depth}-induction"}.get(
            self.name, f"{self.depth} cycles"
        )


@dataclass(frozen=True)
class Proof:
    """Claims about a unit, and faults that must break them.

    Parameters
    ----------
    name : as in ``onward formal --proof NAME``.
    claim : what is proven, in one sentence.
    build : writes unit, environment and claims into a bench.
    method : of proving.
    mutants : faults, each of which some claim must catch.
    free_products : multipliers give any product in any cycle. Solvers hardly finish products of words; a claim about
        what is done with a product holds for the true one if it holds for any.
    quick : takes seconds, and runs with the tests.
    """

    name: str
    claim: str
    build: Callable[[Bench], None]
    method: Method
    mutants: tuple[Mutant, ...]
    free_products: bool = False
    quick: bool = True
