"""``onward compare``."""

from __future__ import annotations

from contextlib import ExitStack
from typing import Annotated

import typer

from onward.hw.spec.config import ConfigError
from onward.hw.spec.presets import load_preset

from .options import DatasetName, Folder, JsonFile, PresetName, RuleName, Seed, Settings
from .report import check_target, write_json

__all__ = ["compare"]


def compare(
    preset: PresetName,
    rule: RuleName = "ff",
    boards: Annotated[
        str, typer.Option(metavar="A,B", help="Two of golden, sim, serial:PORT, netlist:DIR.")
    ] = "golden,sim",
    samples: Annotated[int, typer.Option(metavar="N", min=1, help="Samples to train on.")] = 1000,
    seed: Seed = 0,
    dataset: DatasetName = "mnist-small",
    settings: Settings = None,
    inject_fault: Annotated[
        bool, typer.Option("--inject-fault", help="Turn over one weight bit of the second board, to see it found.")
    ] = False,
    folder: Folder = None,
    json: JsonFile = None,
) -> None:
    """Train two boards in step: exit code 0 if every output and every weight is equal, 1 if not."""
    from onward.sw.cli.progress import progress_bar, say
    from onward.sw.cli.training import chosen_parameters, load_fitted
    from onward.sw.driver import compare as comparing
    from onward.sw.driver.board import Board
    from onward.sw.driver.recipe import Recipe

    check_target(json)
    config = load_preset(preset)
    names = boards.split(",")
    if len(names) != 2:
        raise ConfigError(f"--boards takes two boards, such as golden,sim, not {boards!r}")
    data = load_fitted(dataset, folder, config)
    # More samples than images take several epochs.
    images = min(samples, len(data.train_labels))
    recipe = Recipe(rule, images, samples, chosen_parameters(rule, settings), seed)
    with ExitStack() as stack:
        first, second = (stack.enter_context(Board.open(name, config)) for name in names)
        with progress_bar(f"compare {boards}", samples) as advance:
            result = comparing.compare(
                (first, second),
                recipe,
                data.train_images,
                data.train_labels,
                inject_fault,
                advance,
                say,
            )
    write_json(
        json,
        {
            "equal": result.equal,
            "samples": result.samples,
            "weights_sha256": result.weights_sha256,
            "difference": result.difference.report() if result.difference else None,
            "preset": config.name,
            "digest": config.digest,
            "rule": rule,
            "dataset": data.name,
            "seed": seed,
            "inject_fault": inject_fault,
        },
    )
    if result.difference:
        typer.echo(f"NOT EQUAL after {result.samples:,} samples\n{result.difference.describe()}")
        raise typer.Exit(1)
    digest = next(iter(result.weights_sha256.values()))
    typer.echo(f"equal: {result.samples:,} samples, every output and every weight (sha256 {digest})")
