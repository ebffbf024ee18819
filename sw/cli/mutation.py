"""``onward mutation``."""

from __future__ import annotations

import time
from typing import Annotated, Any

import typer

from onward.hw.spec.config import ConfigError
from onward.hw.spec.presets import load_preset

from .options import JsonFile, Markdown
from .report import check_target, print_table, write_json

__all__ = ["mutation"]


def mutation(
    preset: Annotated[str, typer.Option(metavar="P", help="A preset's name, or the path of a .toml file.")] = "tiny",
    module: Annotated[
        list[str] | None, typer.Option(metavar="NAME", help="Only this file of hw/core; may be repeated.")
    ] = None,
    mutants: Annotated[int, typer.Option(metavar="N", min=1, help="How many of each module.")] = 20,
    seed: Annotated[int, typer.Option(metavar="S", min=0, help="Decides which mutants.")] = 1,
    effort: Annotated[
        float, typer.Option(min=0.01, help="How much the benches do, as a multiple of what they do in the tests.")
    ] = 4.0,
    jobs: Annotated[int, typer.Option(min=1, help="Mutants that are simulated at a time.")] = 1,
    fresh: Annotated[
        bool, typer.Option("--fresh", help="Judge anew what an earlier call has judged, after a change of a model.")
    ] = False,
    markdown: Markdown = None,
    json: JsonFile = None,
) -> None:
    """Change the core in one place after the other and count the changes that its benches notice.

    Exit code 1 if a module's benches catch fewer than 85 % of those that are not equivalent.
    """
    from onward.sim.document import update_section
    from onward.sim.mutation.campaign import run_campaign
    from onward.sim.mutation.markdown import section
    from onward.sim.mutation.modules import MODULES
    from onward.sim.mutation.score import LEAST, report, score
    from onward.sw.cli.progress import progress_bar
    from onward.sw.data.catalogue import cache_folder

    for target in (json, markdown):
        check_target(target)
    config = load_preset(preset)
    for name in module or ():
        if name not in MODULES:
            raise ConfigError(f"unknown module {name!r}: use one of {', '.join(MODULES)}")
    modules = list(dict.fromkeys(module or MODULES))
    began = time.monotonic()
    folder = cache_folder("mutation") / config.name
    with progress_bar("mutants", mutants * len(modules)) as advance:
        verdicts = run_campaign(
            config, modules, mutants, folder, advance, mutation_seed=seed, effort=effort, jobs=jobs, fresh=fresh
        )
    with progress_bar("survivors", sum(not verdict.caught for verdict in verdicts)) as advance:
        scores = score(verdicts, MODULES.__getitem__, advance)
    figures: dict[str, Any] = {
        "preset": config.name,
        "mutants_per_module": mutants,
        "mutation_seed": seed,
        "effort": effort,
        "seconds": round(time.monotonic() - began, 1),
        "simulated_s": round(sum(verdict.seconds for verdict in verdicts), 1),
        **report(scores),
    }
    write_json(json, figures)
    if markdown:
        update_section(markdown, "mutation", section(figures))
    rows = [
        (each.module, f"{each.caught} of {each.caught + each.judged('open')} caught, {each.percent:.1f} %")
        for each in scores
    ]
    print_table(f"mutants of {config.name}, without equivalent ones", rows)
    for each in scores:
        for survivor in each.survivors:
            typer.echo(f"{survivor.judgement}: {survivor.mutant}{': ' if survivor.why else ''}{survivor.why}")
    if any(each.percent < LEAST for each in scores):
        raise typer.Exit(1)
