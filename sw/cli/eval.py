"""``onward eval``."""

from __future__ import annotations

import time
from pathlib import Path
from typing import Annotated

import typer

from onward.hw.spec.presets import load_preset

from .options import BoardName, Folder, JsonFile
from .report import check_target, print_table, write_json

__all__ = ["evaluate_run"]


def evaluate_run(
    run: Annotated[Path, typer.Argument(metavar="RUN", help="A folder that train has made.")],
    test: Annotated[
        int | None, typer.Option(metavar="N", min=1, help="Test images to classify; all if left out.")
    ] = None,
    board: BoardName = "golden",
    preset: Annotated[str | None, typer.Option(metavar="P", help="Refuse a run of any other core than this.")] = None,
    dataset: Annotated[str | None, typer.Option(metavar="D", help="Another data set than it was trained on.")] = None,
    folder: Folder = None,
    json: JsonFile = None,
) -> None:
    """Classify test images with the weights of a run."""
    from onward.sw.cli.network import load_network
    from onward.sw.cli.progress import progress_bar
    from onward.sw.cli.training import count_images, load_fitted
    from onward.sw.driver.board import Board
    from onward.sw.driver.metrics import evaluation_figures, rows_sha256
    from onward.sw.driver.trainer import evaluate

    check_target(json)
    checkpoint = load_network(run, load_preset(preset) if preset else None)
    config = checkpoint.config
    data = load_fitted(dataset or checkpoint.dataset, folder, config)
    count = count_images(test, len(data.test_labels), "test")
    rows = checkpoint.rows()
    with Board.open(board, config) as opened, progress_bar(f"test on {board}", count) as advance:
        opened.write_weights(rows)
        opened.reset()
        began = time.monotonic()
        images, labels = data.test_images[:count], data.test_labels[:count]
        result = evaluate(opened, checkpoint.program(), images, labels, advance)
        seconds = time.monotonic() - began
        cycles = opened.counters()["cycles"]
    figures = {
        "run": str(run),
        "preset": config.name,
        "rule": checkpoint.recipe.rule,
        "board": board,
        "dataset": data.name,
        "finished": checkpoint.finished,
        "trained_samples": checkpoint.trained_samples,
        **evaluation_figures(result),
        "cycles_per_sample": cycles / count if cycles else None,
        "samples_per_s": config.clock_mhz * 1e6 * count / cycles if cycles else None,
        "host_samples_per_s": count / seconds,
        "weights_sha256": rows_sha256(rows),
    }
    write_json(json, figures)
    table = [
        ("test images", f"{count:,} of {data.name}"),
        ("test error, goodness", f"{result.error_goodness:.2f} %"),
        ("test error, readout", f"{result.error_readout:.2f} %"),
    ]
    if cycles:
        table.append(("cycles a sample", f"{cycles / count:,.0f}"))
    print_table(f"{run}: {checkpoint.recipe.rule}, {config.name}", table)
