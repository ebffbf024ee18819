"""``onward verilog``."""

from __future__ import annotations

from enum import StrEnum
from pathlib import Path
from typing import Annotated

import typer

from onward.hw.spec.presets import load_preset

from .options import JsonFile, PresetName
from .report import check_target, write_json

__all__ = ["Top", "verilog"]


class Top(StrEnum):
    """What surrounds the core."""

    BYTES = "bytes"
    UART = "uart"


def verilog(
    preset: PresetName,
    out: Annotated[Path, typer.Option("--out", metavar="FILE", help="The Verilog file to write.")],
    top: Annotated[Top, typer.Option(help="Byte streams, or a serial line at the preset's baud rate.")] = Top.BYTES,
    json: JsonFile = None,
) -> None:
    """Write the core and its link as Verilog."""
    from onward.hw.top import ByteTop, UartTop
    from onward.hw.verilog import generate, save

    check_target(out)
    check_target(json)
    config = load_preset(preset)
    design = ByteTop(config) if top is Top.BYTES else UartTop(config, round(config.clock_mhz * 1e6 / config.baud))
    text = generate(design)
    save(text, out)
    lines = text.count("\n")
    typer.echo(f"{out}: {lines:,} lines of Verilog")
    write_json(
        json, {"preset": config.name, "digest": config.digest, "top": top.value, "file": str(out), "lines": lines}
    )
