"""Tang Primer 20K by Sipeed on its Dock, with a Gowin GW2A-18C."""

from __future__ import annotations

from amaranth_boards.tang_primer_20k import TangPrimer20kDockPlatform

from .board import Board
from .family import GOWIN

__all__ = ["TANG_PRIMER_20K"]

TANG_PRIMER_20K = Board(
    name="tang-primer-20k",
    title="Tang Primer 20K",
    platform=TangPrimer20kDockPlatform,
    family=GOWIN,
    part="GW2A-LV18PG256C8/I7",
    preset="tang-primer-20k",
    clock="clk27",
    lights=(("led", 0), ("led", 1), ("led", 2)),
    loader=("--board", "tangprimer20k"),
)
