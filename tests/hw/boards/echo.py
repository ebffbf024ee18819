"""Boards with another core, as one that only sends back what it gets: pins and tools do not depend on it."""

from __future__ import annotations

import dataclasses

from amaranth.build.run import BuildPlan
from amaranth.hdl import Module
from amaranth.lib import stream, wiring
from amaranth.lib.wiring import In, Out

from onward.hw.boards import board_top
from onward.hw.boards.board import Board
from onward.hw.spec.presets import PRESETS

__all__ = ["CONFIG", "echo_plan", "stub_plan"]

CONFIG = dataclasses.replace(PRESETS["tiny"], clock_mhz=24.0, baud=1_000_000)
"""Clock and serial line of these boards."""


class _Echo(wiring.Component):
    """Stands for ``ByteTop``."""

    def __init__(self, config):
        super().__init__({"i": In(stream.Signature(8)), "o": Out(stream.Signature(8)), "busy": Out(1)})

    def elaborate(self, platform):
        m = Module()
        wiring.connect(m, wiring.flipped(self.i), wiring.flipped(self.o))
        return m


def echo_plan(board: Board, monkeypatch) -> BuildPlan:
    """What the platform wants to be built for the echo on a board."""
    return stub_plan(board, monkeypatch, _Echo)


def stub_plan(board: Board, monkeypatch, core: type[wiring.Component]) -> BuildPlan:
    """The same for any component with the interface of ``ByteTop``."""
    monkeypatch.setattr(board_top, "ByteTop", core)
    options = {**board.family.options, **board.options}
    return board.platform().prepare(board_top.BoardTop(board, CONFIG), "onward", emit_src=False, **options)
