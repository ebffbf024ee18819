"""Coverage of some runs, added up."""

from __future__ import annotations

import json
from collections import Counter
from pathlib import Path
from typing import Any

from .bins import BINS_FILE, all_bins
from .points import Points

__all__ = ["COUNTS_FILE", "Coverage"]

COUNTS_FILE = "coverage.dat"


class Coverage:
    """Line, toggle and functional coverage.

    ``points`` : of the Verilog. ``met`` : how often each bin was met.
    """

    def __init__(self) -> None:
        self.points = Points()
        self.met: Counter[str] = Counter()

    def add(self, folder: Path, verilog: str) -> None:
        """Take in what a bench has left in its folder; ``verilog`` is the name of the file with its unit."""
        self.points.add(folder / verilog, folder / COUNTS_FILE)
        if (folder / BINS_FILE).exists():
            self.met.update(json.loads((folder / BINS_FILE).read_text(encoding="utf-8")))

    @property
    def missed_bins(self) -> list[str]:
        """Bins that were never met."""
        return [name for name in all_bins() if not self.met[name]]

    def report(self) -> dict[str, Any]:
        """The figures for a JSON file: modules by their files, with what was missed."""
        modules = []
        for name, file in sorted(self.points.files.items()):
            modules.append(
                {
                    "module": name,
                    "lines": len(file.lines),
                    "lines_hit": sum(file.lines.values()),
                    "toggles": len(file.toggles),
                    "toggles_hit": sum(file.toggles.values()),
                    "missed_lines": [file.where[key] for key, hit in file.lines.items() if not hit],
                    "missed_toggles": [name for name, hit in file.toggles.items() if not hit],
                }
            )
        return {
            "modules": modules,
            "bins": {name: self.met[name] for name in all_bins()},
            "missed_bins": self.missed_bins,
        }
