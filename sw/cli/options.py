"""Options that several commands have, each named and explained once."""

from __future__ import annotations

from enum import StrEnum
from pathlib import Path
from typing import Annotated

import typer

__all__ = [
    "BoardName",
    "DatasetName",
    "Folder",
    "JsonFile",
    "Markdown",
    "PresetName",
    "RuleName",
    "Seed",
    "Settings",
    "Simulator",
]

PresetName = Annotated[str, typer.Option("--preset", metavar="P", help="A preset's name, or the path of a .toml file.")]
RuleName = Annotated[str, typer.Option("--rule", metavar="R", help="Learning rule: ff, pff, sigprop, bp or dfa.")]
BoardName = Annotated[str, typer.Option("--board", metavar="B", help="golden, sim, serial:PORT or netlist:DIR.")]
DatasetName = Annotated[
    str, typer.Option("--dataset", metavar="D", help="mnist, fashion-mnist, or mnist-small, which is always there.")
]
Folder = Annotated[
    Path | None, typer.Option("--folder", metavar="DIR", help="Where to look for the data set's files first.")
]
Seed = Annotated[int, typer.Option("--seed", metavar="S", min=0, help="Everything random follows from it.")]
JsonFile = Annotated[Path | None, typer.Option("--json", metavar="FILE", help="Write the outcome as JSON, too.")]
Markdown = Annotated[
    Path | None, typer.Option("--markdown", metavar="FILE", help="Put the figures into this document, too.")
]
Settings = Annotated[
    list[str] | None,
    typer.Option("--set", metavar="NAME=VALUE", help="Another parameter of the rule; may be given several times."),
]


class Simulator(StrEnum):
    """Simulators that cocotb can use here."""

    VERILATOR = "verilator"
    ICARUS = "icarus"
