"""Arty A7-100 by Digilent, with an Artix-7 100T: a project for Vivado."""

from __future__ import annotations

from amaranth_boards.arty_a7 import ArtyA7_100Platform

from .board import Board
from .family import XILINX7

__all__ = ["ARTY_A7"]

ARTY_A7 = Board(
    name="arty-a7",
    title="Arty A7-100",
    platform=ArtyA7_100Platform,
    family=XILINX7,
    part="xc7a100ticsg324-1L",
    preset="ulx3s-85f",
    clock="clk100",
    lights=(("led", 0), ("led", 1), ("led", 2)),
    loader=("--board", "arty_a7_100t"),
)
