"""What the sequencer and the host hand to the broadcast unit: one lane instruction with all addresses resolved."""

from __future__ import annotations

from enum import IntEnum

from amaranth.hdl import signed
from amaranth.lib import data

from onward.hw.spec.config import CoreConfig
from onward.hw.spec.isa import Source, Store

__all__ = ["HostOp", "VectorOp"]


class HostOp(IntEnum):
    """Operation codes of row accesses, beside the lane instructions of :class:`onward.hw.spec.isa.Op`."""

    LOAD_LANE = 16
    STORE_ROW = 17
    READ_WEIGHT = 18
    READ_VECTOR = 19


class VectorOp(data.StructLayout):
    """Fields as in :mod:`onward.hw.spec.isa`, index registers added; ``stride`` is ROWS's.

    Row accesses of the host use ``lane``, and ``value`` as their element.
    """

    def __init__(self, config: CoreConfig) -> None:
        super().__init__(
            {
                "op": 5,
                "source": Source,
                "init": 1,
                "fine": 1,
                "neg": 1,
                "function": Store,
                "row": range(config.rows),
                "n": 12,
                "p1": range(config.vectors),
                "p2": range(config.vectors),
                "e": 12,
                "tiles": 8,
                "stride": range(config.rows),
                "lane": range(max(2, config.lanes)),
                "value": signed(16),
            }
        )
