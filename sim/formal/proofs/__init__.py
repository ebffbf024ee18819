"""The proofs, one file for each unit or chain of units; each has a ``PROOF``."""
