"""Points of the generated Verilog that a simulation has counted, by the file of the gateware that they come from."""

from __future__ import annotations

import re
from collections import defaultdict
from dataclasses import dataclass, field
from pathlib import Path, PurePath

from onward import hw

__all__ = ["FileCoverage", "Points"]

_RECORD = re.compile(r"^C '(?P<fields>.*)' (?P<count>\d+)$")
_SOURCE = re.compile(r'\(\* src = "(?P<path>[^"|]*):(?P<line>\d+)[^"]*" \*\)')
_ATTRIBUTE = re.compile(r"\(\*.*?\*\) *")
_MODULE = re.compile(r"^module (\S+)")
_DECLARED = re.compile(r"^  (?:reg|wire|input|output)\b.*?(?P<name>\\\S+|[A-Za-z_]\w*) *(?:= .*)?;$")
_CLOCKED = re.compile(r"^\s*(?P<register>\\\S+|\w+) *<= *(?P<next>\\\S+|\w+) *;")
_TARGET = re.compile(r"^\s*(?:assign )?(?P<name>\\\S+|\w+) *(?:\[[^]]*\] *)?<?= ")
_LINE_PAGES = ("v_line", "v_branch")
_AHEAD = 4
"""Lines after a point in which the signal that it assigns is looked for."""


@dataclass
class FileCoverage:
    """Points of one file.

    Members
    -------
    lines : whether each branch of the Verilog has run: (variant, number in its module) -> hit. What parameters change
        in a module makes a variant of it; equal ones in several places, or benches, are one.
    toggles : whether each bit of each named signal has risen and fallen: "name[bit]:0->1" -> hit.
    where : for each line, where its signal is declared, and its text.
    """

    lines: dict[tuple[int, int], bool] = field(default_factory=dict)
    toggles: dict[str, bool] = field(default_factory=dict)
    where: dict[tuple[int, int], str] = field(default_factory=dict)


class Points:
    """Adds up what simulations have counted; ``files`` has what was found, by names like ``hw/core/scanner.py``."""

    def __init__(self) -> None:
        self.files: dict[str, FileCoverage] = defaultdict(FileCoverage)

    def add(self, verilog: Path, counts: Path) -> None:
        """Take in a simulation.

        Parameters
        ----------
        verilog : as it was compiled, with the lines of its sources as attributes.
        counts : Verilator's ``coverage.dat``.
        """
        text = _Text(verilog.read_text(encoding="utf-8").splitlines())
        lines: dict[int, dict[tuple[int, int, str], bool]] = defaultdict(dict)
        for record in counts.read_text(encoding="utf-8").splitlines():
            match = _RECORD.match(record)
            if match is None:
                continue
            fields = dict(part.split("\2", 1) for part in match["fields"].split("\1") if "\2" in part)
            line, hit = int(fields["l"]), int(match["count"]) > 0
            page, what = fields["page"].partition("/")[0], fields["o"]
            module = text.module_at[line]
            if page in _LINE_PAGES:
                place = (line, int(fields["n"]), what)
                lines[module][place] = lines[module].get(place, False) or hit
            elif page == "v_toggle" and not what.startswith(("__024", "$")) and text.files[module]:
                toggles = self.files[text.files[module]].toggles
                toggles[what] = toggles.get(what, False) or hit
        for module, found in lines.items():
            if text.files[module]:
                self._add_lines(self.files[text.files[module]], found, text)

    def _add_lines(self, file: FileCoverage, found: dict[tuple[int, int, str], bool], text: _Text) -> None:
        variant = len(found)
        for number, place in enumerate(sorted(found)):
            key = (variant, number)
            file.lines[key] = file.lines.get(key, False) or found[place]
            file.where.setdefault(key, text.describe(place[0], place[2]))


class _Text:
    """What the Verilog says about its lines, which count from 1."""

    def __init__(self, lines: list[str]) -> None:
        self._lines = lines
        self.module_at = [0] * (len(lines) + 1)
        self.files: dict[int, str] = {0: ""}
        self._declared: dict[tuple[int, str], str] = {}
        self._register: dict[tuple[int, str], str] = {}
        module, source = 0, ""
        for number, line in enumerate(lines, 1):
            match = _SOURCE.search(line)
            if match:
                source = _relative(match["path"], match["line"])
            elif _MODULE.match(line):
                module = number
                self.files[module] = source.partition(":")[0]
            elif declared := _DECLARED.match(line):
                if source:
                    self._declared[module, declared["name"]] = source
                source = ""
            elif clocked := _CLOCKED.match(line):
                self._register[module, clocked["next"]] = clocked["register"]
            self.module_at[number] = module

    def describe(self, number: int, what: str) -> str:
        """Where the signal that a point decides about is declared, and the point's text."""
        text = f"{what}: {_ATTRIBUTE.sub('', self._lines[number - 1]).strip()}"
        for line in self._lines[number - 1 : number - 1 + _AHEAD]:
            target = _TARGET.match(line)
            if target:
                module = self.module_at[number]
                name = self._register.get((module, target["name"]), target["name"])
                place = self._declared.get((module, name), "")
                return f"{place or self.files[module]}, {name}, {text}"
        return f"{self.files[self.module_at[number]]}, {text}"


def _relative(path: str, line: str) -> str:
    """A place in the gateware; empty for Amaranth's own."""
    root = PurePath(Path(hw.__path__[0]).resolve())
    return f"hw/{PurePath(path).relative_to(root)}:{line}" if PurePath(path).is_relative_to(root) else ""
