"""``onward reconstruct``."""

from __future__ import annotations

import time
from pathlib import Path
from typing import Annotated, Any

import typer

from .options import BoardName, Folder, JsonFile
from .report import check_target, print_table, write_json

__all__ = ["reconstruct"]

_LINKED = 200
"""Test images on a board behind a link, where each image is read back."""


def reconstruct(
    run: Annotated[Path, typer.Argument(metavar="RUN", help="A folder that train has made, with rule pff.")],
    out: Annotated[Path, typer.Option("--out", metavar="PNG", help="The picture to write; replaced if it exists.")],
    count: Annotated[int, typer.Option(metavar="N", min=1, help="Test images in the picture.")] = 20,
    test: Annotated[
        int | None,
        typer.Option(
            metavar="N", min=1, help=f"Test images to measure; if left out, all on golden, {_LINKED} on other boards."
        ),
    ] = None,
    board: BoardName = "golden",
    dataset: Annotated[str | None, typer.Option(metavar="D", help="Another data set than it was trained on.")] = None,
    folder: Folder = None,
    json: JsonFile = None,
) -> None:
    """Draw test images as the generative circuit makes them again, and measure how well it does."""
    from onward.sw.cli.generative import figures_of_use, images_to_use, load_generative_run
    from onward.sw.cli.pictures import draw_reconstructions
    from onward.sw.cli.progress import progress_bar
    from onward.sw.cli.training import count_images
    from onward.sw.driver import imaging
    from onward.sw.driver.board import Board

    check_target(out)
    check_target(json)
    used = load_generative_run(run, "reconstruct", dataset, folder)
    data, pixels = used.data, used.pixels
    available = len(data.test_labels)
    measured = count_images(test, available, "test") if test else images_to_use(board, available, _LINKED)
    # The picture may show more images than are measured.
    images = data.test_images[: max(measured, count_images(count, available, "test"))]
    with Board.open(board, used.config) as opened:
        opened.write_weights(used.rows)
        with progress_bar(f"layer 1 on {board}", len(images)) as advance:
            from_first = imaging.reconstruct(opened, used.program, images, advance, entry="reconstruct_first")
        opened.reset()
        began = time.monotonic()
        with progress_bar(f"last layer on {board}", len(images)) as advance:
            from_last = imaging.reconstruct(opened, used.program, images, advance)
        figures = figures_of_use(used, opened, len(images), time.monotonic() - began)
    shown = images[:, :pixels]
    made = {f"from layer {len(used.config.hidden)}": from_last[:, :pixels], "from layer 1": from_first[:, :pixels]}
    mean = data.train_images[:, :pixels].mean(0, keepdims=True) / 255
    last, first = (imaging.squared_error(shown[:measured], each[:measured]) for each in made.values())
    figures |= {
        "test_samples": measured,
        "mse_per_image": last,
        "mse_per_image_first": first,
        "mse_per_image_mean": imaging.squared_error(shown[:measured], mean),
    }
    kinds = [("image", shown[:count] / 255), *((name, each[:count]) for name, each in made.items())]
    draw_reconstructions(out, kinds, used.title)
    write_json(json, figures)
    print_table(f"{run}: {used.title}", _rows(figures, len(used.config.hidden)))
    typer.echo(f"picture: {out}")


def _rows(figures: dict[str, Any], layers: int) -> list[tuple[str, str]]:
    rows = [
        ("test images", f"{figures['test_samples']:,}"),
        (f"squared error an image, from layer {layers}", f"{figures['mse_per_image']:.2f}"),
        ("squared error an image, from layer 1", f"{figures['mse_per_image_first']:.2f}"),
        ("the mean training image instead", f"{figures['mse_per_image_mean']:.2f}"),
    ]
    if figures["cycles_per_sample"]:
        rows.append((f"cycles an image, from layer {layers}", f"{figures['cycles_per_sample']:,.0f}"))
    return [*rows, ("images/s here", f"{figures['host_samples_per_s']:,.0f}")]
