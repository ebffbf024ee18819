"""``onward ranges``."""

from __future__ import annotations

from dataclasses import asdict
from pathlib import Path
from typing import Annotated

import typer

from .options import Folder, JsonFile
from .report import check_target, print_table, write_json

__all__ = ["ranges"]


def ranges(
    run: Annotated[Path, typer.Argument(metavar="RUN", help="A folder that train has made.")],
    out: Annotated[Path, typer.Option("--out", metavar="PNG", help="The picture.")],
    images: Annotated[
        int, typer.Option(metavar="N", min=1, help="Training images to learn once more, the first ones.")
    ] = 50,
    folder: Folder = None,
    json: JsonFile = None,
) -> None:
    """Draw where a trained network's weights, activities and operands lie in the range of their formats."""
    from onward.sw.cli.study_pictures import draw_ranges
    from onward.sw.cli.training import count_images, load_fitted
    from onward.sw.driver.checkpoint import Checkpoint
    from onward.sw.golden.sample import Batch
    from onward.sw.studies.ranges import measure_ranges

    check_target(out)
    check_target(json)
    checkpoint = Checkpoint.load(run / "checkpoint.safetensors")
    config, recipe = checkpoint.config, checkpoint.recipe
    data = load_fitted(checkpoint.dataset, folder, config)
    count = count_images(images, len(data.train_labels), "training")
    batch = Batch.from_images(data.train_images[:count], data.train_labels[:count])
    found = measure_ranges(checkpoint, batch, recipe.seed)
    title = f"{recipe.rule} on {data.name}, {config.name}"
    draw_ranges(out, found, f"{title}: {count} images")
    figures = {
        "run": str(run),
        "preset": config.name,
        "rule": recipe.rule,
        "dataset": data.name,
        "images": count,
        "arrays": [asdict(each) for each in found],
    }
    write_json(json, figures)
    print_table(
        f"{title}: largest magnitude, of the format's limit",
        [(f"{each.kind} {each.name}", f"{each.largest:.4g} of {each.limit:g}") for each in found],
    )
