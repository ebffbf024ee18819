"""``onward cosim``."""

from __future__ import annotations

from dataclasses import asdict
from typing import Annotated

import typer

from onward.hw.spec.config import ConfigError
from onward.hw.spec.presets import load_preset

from .options import JsonFile, PresetName, Simulator
from .report import check_target, write_json

__all__ = ["cosim"]


def cosim(
    preset: PresetName,
    simulator: Annotated[Simulator, typer.Option(help="The simulator that cocotb uses.")] = Simulator.VERILATOR,
    bench: Annotated[list[str] | None, typer.Option(metavar="NAME", help="Only this bench; may be repeated.")] = None,
    seed: Annotated[int, typer.Option(metavar="S", min=0, help="Decides all random choices.")] = 1,
    json: JsonFile = None,
) -> None:
    """Run the cocotb benches of the units and the whole core against the golden model: exit code 1 if one fails."""
    from onward.sim.cocotb.benches import BENCHES
    from onward.sim.cocotb.runner import run
    from onward.sw.cli.progress import say

    check_target(json)
    config = load_preset(preset)
    for name in bench or ():
        if name not in BENCHES:
            raise ConfigError(f"unknown bench {name!r}: use one of {', '.join(BENCHES)}")
    results = run(config, simulator.value, bench, say, seed=seed)
    failures = [result for result in results if not result.passed]
    write_json(
        json,
        {
            "preset": config.name,
            "simulator": simulator.value,
            "seed": seed,
            "tests": len(results),
            "failures": len(failures),
            "results": [asdict(result) for result in results],
        },
    )
    for result in failures:
        typer.echo(f"{result.name}: {result.message}")
    typer.echo(f"{config.name}, {simulator.value}: {len(results)} tests, {len(failures)} failures")
    if failures:
        raise typer.Exit(1)
