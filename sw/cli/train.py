"""``onward train``."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated, Any

import typer

from onward.hw.spec.presets import load_preset

from .options import BoardName, DatasetName, Folder, JsonFile, PresetName, RuleName, Seed, Settings
from .report import check_new, check_target, new_folder, print_table, write_json

__all__ = ["train"]


def train(
    preset: PresetName,
    out: Annotated[Path, typer.Option("--out", metavar="RUN", help="The folder to make; it must not exist.")],
    rule: RuleName = "ff",
    board: BoardName = "golden",
    dataset: DatasetName = "mnist",
    samples: Annotated[
        int | None, typer.Option(min=1, help="Training images to use, the first ones; all if left out.")
    ] = None,
    epochs: Annotated[int, typer.Option(min=1, help="How often to use each of them.")] = 1,
    seed: Seed = 0,
    test: Annotated[int | None, typer.Option(min=1, help="Test images to classify; all if left out.")] = None,
    rate: Annotated[float | None, typer.Option(help="Learning rate of the layers at the start.")] = None,
    readout_rate: Annotated[float | None, typer.Option(help="Learning rate of the readout at the start.")] = None,
    final: Annotated[float, typer.Option(help="Factor that both rates fall to, linearly.")] = 0.05,
    settings: Settings = None,
    jitter: Annotated[int, typer.Option(min=0, help="Pixels to shift training images by, at random.")] = 0,
    jitter_until: Annotated[
        float, typer.Option(help="Share of the epochs after which they are no longer shifted.")
    ] = 0.85,
    folder: Folder = None,
    json: JsonFile = None,
) -> None:
    """Train a network and test it: checkpoint, metrics and learning curve in RUN."""
    # Imported here, as in other commands that compute: they take a second, which the others need not wait for.
    from onward.sw.cli.training import (
        chosen_parameters,
        count_images,
        load_fitted,
        run_figures,
        train_and_test,
        write_run,
    )
    from onward.sw.driver.board import Board
    from onward.sw.driver.recipe import Recipe

    check_new(out)
    check_target(json)
    config = load_preset(preset)
    parameters = chosen_parameters(rule, settings, rate=rate, readout_rate=readout_rate)
    data = load_fitted(dataset, folder, config)
    images = count_images(samples, len(data.train_labels), "training")
    tested = count_images(test, len(data.test_labels), "test")
    recipe = Recipe(rule, images, images * epochs, parameters, seed, final, jitter, jitter_until)
    with Board.open(board, config) as opened:
        training, evaluation = train_and_test(opened, recipe, data, tested)
        figures = run_figures(opened, recipe, data, training, evaluation)
        with new_folder(out) as scratch:
            write_run(scratch, opened, recipe, training, figures)
    write_json(json, figures)
    print_table(f"{out}: {rule} on {dataset}, {config.name}", _rows(figures))


def _rows(figures: dict[str, Any]) -> list[tuple[str, str]]:
    """The figures that people look at first."""
    rows = [
        ("samples", f"{figures['samples']:,}"),
        ("test images", f"{figures['test_samples']:,}"),
        ("test error, goodness", f"{figures['test_error_goodness']:.2f} %"),
        ("test error, readout", f"{figures['test_error_readout']:.2f} %"),
    ]
    if figures["cycles"]:
        rows += [
            ("cycles a sample", f"{figures['cycles_per_sample']:,.0f}"),
            ("multiplier use", f"{100 * figures['mac_utilisation']:.0f} %"),
            (f"samples/s at {figures['clock_mhz']:g} MHz", f"{figures['samples_per_s']:,.0f}"),
        ]
    saturations = ", ".join(f"{name} {count}" for name, count in figures["saturations"].items())
    return [
        *rows,
        ("samples/s here", f"{figures['host_samples_per_s']:,.0f}"),
        ("saturations", saturations),
        ("weights", figures["weights_sha256"][:16]),
    ]
