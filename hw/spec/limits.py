"""Which instructions a compact core executes."""

from __future__ import annotations

from .config import CoreConfig
from .isa import USED_FIELDS, Instruction, Op, Source, Store

__all__ = ["COMPACT_LANE_OPS", "STRIDES", "check_compact"]

COMPACT_LANE_OPS = (Op.MAC, Op.UPD, Op.RED, Op.ROWS, Op.MACV, Op.ST)
"""Lane instructions of a compact core; it has all others."""

STRIDES = 256
"""Distances between the rows of ROWS that a compact core has, from 0 on."""


def check_compact(config: CoreConfig, word: Instruction) -> None:
    """Raise ValueError if ``config`` is a compact core that does not have this form of an instruction."""
    if not config.compact:
        return
    used = USED_FIELDS[word.op]
    if word.op.is_vector and word.op not in COMPACT_LANE_OPS:
        raise ValueError(f"a compact core has no {word.op.name}, only {', '.join(op.name for op in COMPACT_LANE_OPS)}")
    if word.op.is_vector and (("p1i" in used and word.p1i) or ("p2i" in used and word.p2i)):
        raise ValueError(f"{word.op.name}: a compact core adds no index register to p1 or p2")
    if word.op is Op.ROWS and (word.ri or word.imm >= STRIDES):
        raise ValueError(f"ROWS: in a compact core ri must be 0 and the stride below {STRIDES}, not {word.imm}")
    if word.op is Op.ST and word.store == Store.STEP:
        raise ValueError("ST: a compact core stores as identity or relu")
    if word.op in (Op.MAC, Op.UPD):
        if word.source == Source.RESIDUAL:
            raise ValueError(f"{word.op.name}: a compact core has no source RESIDUAL")
        if word.source == Source.SAMPLE and word.n < config.inputs:
            raise ValueError(f"{word.op.name}: a compact core streams all {config.inputs} inputs, not {word.n}")
