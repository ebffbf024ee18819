"""A unit with all its mutants in one netlist, selected by an input: one compilation serves them all."""

from __future__ import annotations

import random
import re
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path, PurePath

from amaranth.back import rtlil
from amaranth.lib import wiring

from onward import hw

from .yosys import run_yosys

__all__ = ["SELECT", "Mutant", "MutatedDesign"]

SELECT = "mutant"
"""Name of the input that selects a mutant; 0 is the unit as it is."""

_SELECT_BITS = 16
_NETLIST = "netlist.il"
_MODULE = re.compile(r'^attribute \\src "(?P<path>[^"]*):\d+"\n(?:attribute .*\n)*module (?P<name>\S+)', re.MULTILINE)
_OPTION = re.compile(r"-(\w+) (\S+)")
_LISTED = 2
"""Mutations that are listed for each that is wanted: some are not taken."""
_LINT = "// verilator lint_off CASEOVERLAP\n"
"""A multiplexer with a select bit of each input, whose mutants have more than one at a time: the first one counts."""
_ATTRIBUTES = ("generator", "top", "src", "amaranth.hierarchy", "amaranth.decoding")


@dataclass(frozen=True)
class Mutant:
    """One bit of one cell's port, inverted, stuck, or mixed with a neighbour.

    Members
    -------
    number : by which it is selected.
    module : name of the file in ``hw/core``, without its ending, whose component is mutated.
    where : lines of the source that the cell comes from, as ``hw/core/scanner.py:88``; empty for the multiplexer that
        decides between assignments of several lines.
    change : what is different, in yosys' words.
    options : of yosys' ``mutate``.
    """

    number: int
    module: str
    where: tuple[str, ...]
    change: str
    options: str


class MutatedDesign:
    """Chooses mutants, and writes the netlist that has them all.

    Parameters
    ----------
    component : the unit.
    name : of its top module.
    folder : an existing one, for yosys' files; the netlist stays there for later proofs.
    counts : how many mutants to choose, for each module (file in ``hw/core``) to be mutated.
    seed : decides which.

    Raises
    ------
    YosysError
        If yosys is missing or fails.
    ValueError
        If the unit has no such module.
    """

    def __init__(
        self, component: wiring.Component, name: str, folder: Path, counts: Mapping[str, int], seed: int
    ) -> None:
        self.folder = folder
        self.name = name
        text = rtlil.convert(component, name=name)
        (folder / "unit.il").write_text(text, encoding="utf-8")
        parts = _parts(text)
        for module in counts:
            if module not in parts:
                raise ValueError(f"{name} has no module {module!r}: use one of {', '.join(sorted(parts))}")
        # Processes become multiplexers before anything is mutated: names of cells stay the same from here on.
        script = [
            "read_rtlil unit.il",
            "proc -norom",
            "memory_collect",
            "opt_clean",
            f"write_rtlil {_NETLIST}",
        ]
        for module, count in counts.items():
            script += [
                f"select {' '.join(parts[module])}",
                "select -del t:$check t:$print",
                f"mutate -list {_LISTED * count} -seed {seed} -o {module}.txt",
                "select -clear",
            ]
        run_yosys("\n".join(script), folder)
        self.mutants: list[Mutant] = []
        for module, count in counts.items():
            self._choose(module, (folder / f"{module}.txt").read_text(encoding="utf-8"), count, seed)

    def verilog(self) -> str:
        """The unit with the additional input ``SELECT``."""
        script = [f"read_rtlil {_NETLIST}"]
        for mutant in self.mutants:
            script.append(f"mutate -ctrl {SELECT} {_SELECT_BITS} {mutant.number} {mutant.options}")
        script.append("attrmap " + " ".join(f"-remove {name}" for name in _ATTRIBUTES))
        script.append("write_verilog -norename mutants.sv")
        run_yosys("\n".join(script), self.folder)
        return _LINT + (self.folder / "mutants.sv").read_text(encoding="utf-8")

    def _choose(self, module: str, listed: str, count: int, seed: int) -> None:
        # A clock that stands still is noticed by anything.
        lines = [line for line in listed.splitlines() if " -port CLK " not in line]
        for line in random.Random(f"{seed} {module}").sample(lines, min(count, len(lines))):
            found = _OPTION.findall(line)
            where = [_source(value) for name, value in found if name == "src"]
            options = " ".join(f"-{name} {value}" for name, value in found if name not in ("src", "wire", "wirebit"))
            values = dict(found)
            names = ("mode", "module", "cell", "port", "portbit", "ctrlbit", "wire", "wirebit")
            change = " ".join(f"{name} {values[name]}" for name in names if name in values)
            number = len(self.mutants) + 1
            self.mutants.append(Mutant(number, module, tuple(each for each in where if each), change, options))


def _parts(text: str) -> dict[str, list[str]]:
    """Names of the netlist's modules for each file in ``hw/core`` that has elaborated them."""
    parts: dict[str, list[str]] = {}
    for match in _MODULE.finditer(text):
        source = _source(match["path"])
        if source.startswith("hw/core/"):
            parts.setdefault(PurePath(source).stem, []).append(match["name"])
    return parts


def _source(location: str) -> str:
    """A location without the folder that the project happens to be in; empty for Amaranth's own."""
    root = f"{Path(hw.__path__[0]).resolve()}/"
    return f"hw/{location.removeprefix(root)}" if location.startswith(root) else ""
