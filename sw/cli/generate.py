"""``onward generate``."""

from __future__ import annotations

import time
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from onward.hw.spec.config import ConfigError

from .options import BoardName, Folder, JsonFile, Seed
from .report import check_target, print_table, write_json

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray

    from .generative import GenerativeRun

__all__ = ["generate"]

_FIT, _FIT_LINKED = 10_000, 2_000
"""Training images whose codes are fitted; fewer on a board behind a link, which is slower."""


def generate(
    run: Annotated[Path, typer.Argument(metavar="RUN", help="A folder that train has made, with rule pff.")],
    out: Annotated[Path, typer.Option("--out", metavar="PNG", help="The picture to write; replaced if it exists.")],
    count: Annotated[int, typer.Option(metavar="N", min=1, help="Images to generate.")] = 100,
    digit: Annotated[
        int | None,
        typer.Option(metavar="D", min=0, help="Only this digit; if left out, all as often as in the training images."),
    ] = None,
    seed: Seed = 0,
    components: Annotated[int, typer.Option(metavar="K", min=1, help="Gaussians in each digit's mixture.")] = 5,
    fit: Annotated[
        int | None,
        typer.Option(
            metavar="N",
            min=1,
            help="Training images whose codes are fitted, the first ones;"
            f" if left out, {_FIT:,} on golden, {_FIT_LINKED:,} on other boards.",
        ),
    ] = None,
    recognise: Annotated[
        bool,
        typer.Option(
            "--recognise",
            help="Count the images that a classifier trained here, apart from the network, takes for the digit asked"
            " for; takes some 15 s. Without it, JSON has null there.",
        ),
    ] = False,
    board: BoardName = "golden",
    dataset: Annotated[str | None, typer.Option(metavar="D", help="Another data set than it was trained on.")] = None,
    folder: Folder = None,
    json: JsonFile = None,
) -> None:
    """Draw new images: codes drawn from a mixture of those of the training images, decoded by the network."""
    import numpy as np

    from onward.sw.cli.generative import figures_of_use, images_to_use, load_generative_run
    from onward.sw.cli.pictures import draw_generated
    from onward.sw.cli.progress import progress_bar
    from onward.sw.cli.training import count_images
    from onward.sw.driver import imaging
    from onward.sw.driver.board import Board
    from onward.sw.driver.synthesis import CodeMixtures, apportion

    check_target(out)
    check_target(json)
    used = load_generative_run(run, "generate", dataset, folder)
    if digit is not None and digit >= used.config.classes:
        raise ConfigError(f"--digit must be 0 to {used.config.classes - 1}, the classes of the run, not {digit}")
    data = used.data
    available = len(data.train_labels)
    fitted = (
        count_images(fit, available, "training") if fit else min(_FIT, images_to_use(board, available, _FIT_LINKED))
    )
    images, labels = data.train_images[:fitted], data.train_labels[:fitted]
    digits = apportion(data.train_labels, count) if digit is None else np.full(count, digit)
    with Board.open(board, used.config) as opened:
        opened.write_weights(used.rows)
        with progress_bar(f"codes on {board}", fitted) as advance:
            codes = imaging.tied_codes(opened, used.program, images, advance)
        drawn = CodeMixtures(codes, labels, components, seed, np.unique(digits)).sample(digits)
        opened.reset()
        began = time.monotonic()
        with progress_bar(f"images on {board}", count) as advance:
            made = imaging.decode(opened, used.program, drawn, advance)
        figures = figures_of_use(used, opened, count, time.monotonic() - began)
    figures |= {
        "count": count,
        "digits": digits.tolist(),
        "seed": seed,
        "components": components,
        "fitted": fitted,
        **(_recognition(used, made, digits) if recognise else {"recognised": None, "classifier_error": None}),
    }
    draw_generated(out, made[:, : used.pixels], digits)
    write_json(json, figures)
    print_table(f"{run}: {used.title}", _rows(figures))
    typer.echo(f"picture: {out}")


def _recognition(used: GenerativeRun, made: NDArray[np.float64], digits: NDArray[np.int64]) -> dict[str, float]:
    """The share of images taken for the digit asked for, and how often who says so is wrong, both in percent."""
    from onward.sw.cli.progress import say
    from onward.sw.driver.recognition import Recogniser

    say("training a classifier that judges the images")
    recogniser = Recogniser(used.data.train_images, used.data.train_labels)
    return {
        "recognised": 100 - recogniser.error(made, digits),
        "classifier_error": recogniser.error(used.data.test_images, used.data.test_labels),
    }


def _rows(figures: dict[str, Any]) -> list[tuple[str, str]]:
    rows = [("images", f"{figures['count']:,}"), ("codes fitted", f"{figures['fitted']:,}")]
    if figures["recognised"] is not None:
        rows += [
            ("recognised as the digit asked for", f"{figures['recognised']:.1f} %"),
            ("test error of the classifier", f"{figures['classifier_error']:.2f} %"),
        ]
    if figures["cycles_per_sample"]:
        rows.append(("cycles an image", f"{figures['cycles_per_sample']:,.0f}"))
    return [*rows, ("images/s here", f"{figures['host_samples_per_s']:,.0f}")]
