"""``onward cosim``."""

from __future__ import annotations

from typing import Annotated

import typer

from onward.hw.spec.presets import load_preset

from .options import JsonFile, PresetName, Simulator
from .report import check_target, write_json

__all__ = ["cosim"]


def cosim(
    preset: PresetName,
    simulator: Annotated[Simulator, typer.Option(help="The simulator that cocotb uses.")] = Simulator.VERILATOR,
    json: JsonFile = None,
) -> None:
    """Run the cocotb regression: every unit and the whole core against the golden model. Exit code 1 if one fails."""
    from onward.sim.cocotb.runner import run

    check_target(json)
    load_preset(preset)
    report = run(preset, simulator.value)
    typer.echo(f"{report['tests']} tests, {report['failures']} failures")
    write_json(json, report)
    if report["failures"]:
        raise typer.Exit(1)
