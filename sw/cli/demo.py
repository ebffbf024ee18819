"""``onward demo``: what ``make demo`` shows."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated, Any

import typer

from onward.hw.spec.presets import load_preset

from .options import BoardName, JsonFile, Seed
from .report import check_folder, check_target, print_table, write_json

__all__ = ["demo"]

_SHOWN = 40
"""Test images in the picture."""


def demo(
    preset: Annotated[
        str, typer.Option(metavar="P", help="A preset's name, or the path of a .toml file.")
    ] = "ulx3s-85f",
    board: BoardName = "sim",
    samples: Annotated[int, typer.Option(metavar="N", min=1, help="Samples to train on.")] = 20_000,
    test: Annotated[int, typer.Option(metavar="N", min=1, help="Test images to classify.")] = 2_000,
    seed: Seed = 0,
    out: Annotated[Path, typer.Option("--out", metavar="DIR", help="Where the pictures go.")] = Path("runs/demo"),
    json: JsonFile = None,
) -> None:
    """Train and test on a board with MNIST, prove that it did the same as the golden model, and draw pictures."""
    import numpy as np

    from onward.sw.cli.pictures import draw_digits, draw_learning_curve
    from onward.sw.cli.progress import say
    from onward.sw.cli.training import count_images, run_figures, train_and_test
    from onward.sw.driver.board import Board
    from onward.sw.driver.fitting import fit_dataset
    from onward.sw.driver.metrics import rows_sha256
    from onward.sw.driver.recipe import Recipe
    from onward.sw.driver.rules import find_rule

    check_folder(out)
    check_target(json)
    config = load_preset(preset)
    data = fit_dataset(_mnist(), config)
    tested = count_images(test, len(data.test_labels), "test")
    recipe = Recipe("ff", min(samples, len(data.train_labels)), samples, find_rule("ff").parameters, seed)
    say(f"opening {board}: {config.name} (compiling a simulated board, the first time, takes about a minute)")
    with Board.open(board, config) as opened, Board.open("golden", config) as golden:
        training, evaluation = train_and_test(opened, recipe, data, tested)
        figures = run_figures(opened, recipe, data, training, evaluation)
        model, judged = train_and_test(golden, recipe, data, tested)
    equal = all(
        np.array_equal(a, b)
        for a, b in (
            (training.weights, model.weights),
            (training.guesses, model.guesses),
            (evaluation.goodness, judged.goodness),
            (evaluation.readout, judged.readout),
        )
    )
    figures |= {
        "equal": equal,
        "weights_sha256": {board: rows_sha256(training.weights), "golden": rows_sha256(model.weights)},
    }
    out.mkdir(parents=True, exist_ok=True)
    curve, digits = out / "learning-curve.png", out / "digits.png"
    draw_learning_curve(curve, figures["curve"], f"{config.name}, {data.name}", evaluation.error_goodness)
    shown = slice(min(_SHOWN, tested))
    draw_digits(digits, data.test_images[shown], data.test_labels[shown], evaluation.goodness[shown])
    write_json(out / "demo.json", figures)
    write_json(json, figures)
    print_table(f"{config.name} on {board}, {data.name}", _rows(figures))
    typer.echo(f"pictures: {curve}, {digits}")
    if not equal:
        typer.echo(f"find the difference with: onward compare --preset {preset} --boards golden,{board}", err=True)
        raise typer.Exit(1)


def _mnist() -> Any:
    """All of MNIST if it has been fetched, else the part that is always there."""
    from onward.sw.data.datasets import load
    from onward.sw.data.errors import DatasetError

    try:
        return load("mnist")
    except DatasetError:
        return load("mnist-small")


def _rows(figures: dict[str, Any]) -> list[tuple[str, str]]:
    cycles = figures["cycles"]
    return [
        ("training samples", f"{figures['samples']:,}"),
        ("test images", f"{figures['test_samples']:,}"),
        ("test error, goodness", f"{figures['test_error_goodness']:.2f} %"),
        ("test error, readout", f"{figures['test_error_readout']:.2f} %"),
        ("cycles a training sample", f"{figures['cycles_per_sample']:,.0f}" if cycles else "unknown"),
        ("multiplier use", f"{100 * figures['mac_utilisation']:.0f} %" if cycles else "unknown"),
        (f"samples/s at {figures['clock_mhz']:g} MHz", f"{figures['samples_per_s']:,.0f}" if cycles else "unknown"),
        ("samples/s simulated here", f"{figures['host_samples_per_s']:,.0f}"),
        ("equal to the golden model", "yes: every output, every weight" if figures["equal"] else "NO"),
    ]
