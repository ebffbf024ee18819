"""Bytes to and from a synthesised netlist in simulation."""

from __future__ import annotations

import json
from pathlib import Path

from onward.hw.boards.catalogue import find_board
from onward.hw.boards.errors import BuildError
from onward.hw.boards.power_up import POWER_UP_CYCLES
from onward.hw.boards.prepare import netlist_file
from onward.hw.spec.config import CoreConfig
from onward.sim.cells.translate import NetlistError, translate

from .sim_transport import SimTransport

__all__ = ["NetlistTransport"]

_MARGIN = 64
"""Cycles more than the board's own reset takes."""


class NetlistTransport(SimTransport):
    """The serial line of the netlist that ``onward build`` has left, with a simulated clock.

    Parameters
    ----------
    config : the core that it was built for.
    folder : the folder that was built, or prepared and synthesised.

    Raises
    ------
    NetlistError
        If there is no netlist, or it cannot be simulated.
    SimBuildError
        If the simulation cannot be compiled.
    """

    name = "netlist"

    def __init__(self, config: CoreConfig, folder: Path) -> None:
        work = folder / "work"
        try:
            board = find_board(json.loads((work / "order.json").read_text(encoding="utf-8"))["board"])
        except (OSError, ValueError, KeyError, TypeError, BuildError):
            raise NetlistError(f"{folder}: is no folder that onward build has made") from None
        netlist = netlist_file(work)
        if netlist is None:
            raise NetlistError(f"{work}: holds no synthesised netlist")
        pins = {"clk": f"{board.clock}_0__io", "rx": "uart_0__rx__io", "tx": "uart_0__tx__io"}
        text = translate(netlist, board.family.cells, pins)
        super().__init__(config, flavour="uart", divisor=board.divisor(config), verilog=text)
        self._simulator.run(POWER_UP_CYCLES + _MARGIN)
