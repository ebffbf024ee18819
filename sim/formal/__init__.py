"""Formal proofs of the gateware: claims about units, solvers that check them, and mutants that must not pass."""
