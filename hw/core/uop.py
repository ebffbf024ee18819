"""Micro-operations: what the broadcast unit sends to every lane, one a cycle, and the pipeline they travel through.

Cycle numbers count from the emission of a micro-operation in the broadcast unit (``emission``):

    0       emission: kind, offsets, addresses of sample or element memory, vector register to scan
    1..3    element: from its memory, or from a lane's vector register through the cluster multiplexers; a residual is
            clipped, and its pixel subtracted, in cycle 2
    4..7    operand: element x scalar, shifted, rounded (see :mod:`.operand_unit`)
    8       the micro-operation is complete; address of the weight row, which was known before
    9       cluster's input register; addresses of vector registers, and if these are lookup tables, member of a group
            chosen and negated; row arrives, late in the cycle
    10      row registered, vectors arrive; factors chosen
    11      factors registered: multiplication; an accumulator that starts anew is cleared
    12      product registered: accumulation, or random bits added (update), or first level of the reduce tree
    13      update: old row arrives (addressed in cycle 12), is added; store: saturation and function
    14      update: saturation; vector registers are written
    15      rows are written; the mask of nonzero lanes is written
"""

from __future__ import annotations

from amaranth.hdl import Value, signed
from amaranth.lib import data, enum

from onward.hw.spec.config import CoreConfig
from onward.hw.spec.isa import Store

__all__ = [
    "ELEMENT_STAGE",
    "LANE_STAGE",
    "LOAD_AFTER_STORE_ROW",
    "OPERAND_STAGE",
    "PRODUCT_STAGE",
    "SCAN_AFTER_SECOND",
    "SCAN_AFTER_STORE",
    "UPDATE_AFTER_UPDATE",
    "VECTOR_AFTER_STORE",
    "WEIGHT_AFTER_UPDATE",
    "Flags",
    "Uop",
    "WeightRead",
    "X",
    "Y",
    "multiplies_weights",
]

ELEMENT_STAGE = 4
OPERAND_STAGE = 8
LANE_STAGE = 9
PRODUCT_STAGE = 12

# Cycles between the emission of a micro-operation and the issue of an instruction that depends on it; the
# instruction's own first micro-operation is emitted one cycle after its issue.
WEIGHT_AFTER_UPDATE = 7
"""The row is written at the end of cycle 15; a product reads it in its cycle 8."""
UPDATE_AFTER_UPDATE = 3
"""An update reads its row in its cycle 12."""
LOAD_AFTER_STORE_ROW = 1
"""A row is taken from the accumulators in cycle 13; the next one clears them at the end of its cycle 11."""
VECTOR_AFTER_STORE = 5
"""The word is written at the end of cycle 14 and read in cycle 9."""
SCAN_AFTER_STORE = 15
"""The mask is written at the end of cycle 15; a scan reads it one cycle after its issue."""
SCAN_AFTER_SECOND = 5
"""Lanes use the second read port in cycle 9, a scan five cycles after its issue at the earliest."""


class X(enum.Enum, shape=2):
    """First factor of a lane."""

    WEIGHT = 0
    VECTOR = 1
    ONE = 2
    NOISE = 3


class Y(enum.Enum, shape=2):
    """Second factor of a lane."""

    OPERAND = 0
    MASKED = 1
    """the operand in lane ``lane``, 0 in all others"""
    SECOND = 2
    """the vector from the second port, which may be the one of the first"""
    GROUP = 3
    """member ``member`` of the lane's group, from the second vector port"""


Flags = data.StructLayout(
    {
        "x": X,
        "y": Y,
        "init": 1,
        "accumulate": 1,
        "update": 1,
        "reduce": 1,
        "store": 1,
        "store_row": 1,
        "function": Store,
        "fine": 1,
        "lateral": 1,
        "product": 1,
    }
)
"""What a micro-operation does; ``product`` marks those that count as multiplier work."""


class Uop(data.StructLayout):
    """A micro-operation as the lanes see it: flags, addresses, and the broadcast operand ``m``."""

    def __init__(self, config: CoreConfig) -> None:
        super().__init__(
            {
                "valid": 1,
                "flags": Flags,
                "row": range(config.rows),
                "p1": range(config.vectors),
                "p2": range(config.vectors),
                "lane": range(max(2, config.lanes)),
                "member": range(max(2, config.group)),
                "m": signed(config.operand_bits),
            }
        )


class WeightRead(data.StructLayout):
    """The row of weights that the next micro-operation multiplies: to the clusters, one cycle before it."""

    def __init__(self, config: CoreConfig) -> None:
        super().__init__({"valid": 1, "row": range(config.rows)})


def multiplies_weights(valid: Value, flags: data.View) -> Value:
    """Whether a micro-operation has weights as its first factor."""
    return valid & (flags.accumulate | flags.reduce) & (flags.x == X.WEIGHT)
