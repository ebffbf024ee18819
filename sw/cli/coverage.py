"""``onward coverage``."""

from __future__ import annotations

import time
from typing import Annotated

import typer

from onward.hw.spec.config import ConfigError
from onward.hw.spec.presets import load_preset

from .options import JsonFile, Markdown
from .report import check_target, print_table, write_json

__all__ = ["coverage"]

_SHOWN = 40
"""Missed lines that are printed; all are in the JSON file."""


def coverage(
    preset: Annotated[
        list[str] | None,
        typer.Option(
            metavar="P", help="A preset's name, or the path of a .toml file; may be repeated.  [default: tiny]"
        ),
    ] = None,
    bench: Annotated[list[str] | None, typer.Option(metavar="NAME", help="Only this bench; may be repeated.")] = None,
    seed: Annotated[int, typer.Option(metavar="S", min=0, help="Decides all random choices.")] = 1,
    markdown: Markdown = None,
    json: JsonFile = None,
) -> None:
    """Run the cocotb benches on Verilator, and say which lines, bits and situations they have not met.

    Exit code 1 if a bench fails, or if all benches together have not met every situation.
    """
    from onward.sim.cocotb.benches import BENCHES
    from onward.sim.cocotb.build import TOP
    from onward.sim.cocotb.runner import run
    from onward.sim.coverage.markdown import section
    from onward.sim.coverage.report import Coverage
    from onward.sim.document import update_section
    from onward.sw.cli.progress import progress_bar
    from onward.sw.data.catalogue import cache_folder

    for target in (json, markdown):
        check_target(target)
    configs = [load_preset(name) for name in preset or ["tiny"]]
    for name in bench or ():
        if name not in BENCHES:
            raise ConfigError(f"unknown bench {name!r}: use one of {', '.join(BENCHES)}")
    names = list(dict.fromkeys(bench or BENCHES))
    began = time.monotonic()
    found = Coverage()
    failures = []
    with progress_bar("benches", len(configs) * len(names)) as advance:
        for number, (config, name) in enumerate((config, name) for config in configs for name in names):
            advance(number, f"{name} on {config.name}")
            folder = cache_folder("coverage") / config.name
            results = run(config, "verilator", [name], seed=seed, folder=folder, coverage=True)
            failures += [result for result in results if not result.passed]
            found.add(folder / name, f"{TOP}.sv")
    figures = {
        "presets": [config.name for config in configs],
        "benches": names,
        "seed": seed,
        "seconds": round(time.monotonic() - began, 1),
        "failures": [f"{result.name}: {result.message}" for result in failures],
        **found.report(),
    }
    write_json(json, figures)
    if markdown:
        update_section(markdown, "coverage", section(figures))
    modules = figures["modules"]
    rows = [
        (each["module"], f"{_share(each['lines_hit'], each['lines'])}   {_share(each['toggles_hit'], each['toggles'])}")
        for each in modules
    ]
    totals = [sum(each[name] for each in modules) for name in ("lines_hit", "lines", "toggles_hit", "toggles")]
    rows.append(("all", f"{_share(*totals[:2])}   {_share(*totals[2:])}"))
    bins = figures["bins"]
    rows.append(("situations", _share(sum(count > 0 for count in bins.values()), len(bins))))
    print_table(f"lines and bits of {', '.join(figures['presets'])}", rows)
    for name in figures["missed_bins"]:
        typer.echo(f"never met: {name}")
    missed = [line for each in modules for line in each["missed_lines"]]
    for line in missed[:_SHOWN]:
        typer.echo(f"never run: {line}")
    if len(missed) > _SHOWN:
        typer.echo(f"and {len(missed) - _SHOWN} other lines, all in the JSON file")
    for result in failures:
        typer.echo(f"{result.name}: {result.message}")
    if failures or (not bench and figures["missed_bins"]):
        raise typer.Exit(1)


def _share(hit: int, count: int) -> str:
    return f"{hit:,} of {count:,} ({100 * hit / count:.1f} %)" if count else "none"
