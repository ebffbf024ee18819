"""``onward presets``."""

from __future__ import annotations

from typing import Any

from rich import box
from rich.console import Console
from rich.table import Column, Table

from onward.hw.spec.presets import PRESETS

from .options import JsonFile
from .report import check_target, write_json

__all__ = ["presets"]


def presets(json: JsonFile = None) -> None:
    """List the named configurations."""
    check_target(json)
    headings = ("preset", "network", "classes", "lanes", "rows", "bits", "memory", "MHz")
    # Not a terminal of 80 columns shall cut a name.
    columns = (Column(heading, no_wrap=True) for heading in headings)
    table = Table(*columns, box=box.SIMPLE_HEAD, pad_edge=False, padding=(0, 1, 0, 0))
    report: dict[str, Any] = {}
    for name, config in PRESETS.items():
        network = "-".join(map(str, (config.inputs, *config.hidden)))
        sizes = (config.classes, config.lanes, config.rows, config.weight_bits, config.memory)
        table.add_row(name, network, *map(str, sizes), f"{config.clock_mhz:g}")
        report[name] = {
            "inputs": config.inputs,
            "hidden": list(config.hidden),
            "classes": config.classes,
            "lanes": config.lanes,
            "rows": config.rows,
            "weight_bits": config.weight_bits,
            "memory": config.memory,
            "clock_mhz": config.clock_mhz,
        }
    Console().print(table)
    write_json(json, report)
