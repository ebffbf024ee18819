"""``onward fetch``."""

from __future__ import annotations

from typing import Annotated

import typer

from onward.sw.data.datasets import load
from onward.sw.data.fetch import fetch as fetch_dataset

from .options import JsonFile
from .report import check_target, write_json

__all__ = ["fetch"]


def fetch(
    dataset: Annotated[str, typer.Argument(metavar="DATASET", help="mnist or fashion-mnist.")],
    json: JsonFile = None,
) -> None:
    """Bring a data set into the cache, checked by its published hashes."""
    check_target(json)
    folder = fetch_dataset(dataset, lambda line: typer.echo(line, err=True))
    data = load(dataset)
    typer.echo(f"{dataset}: {len(data.train_labels):,} training and {len(data.test_labels):,} test images in {folder}")
    write_json(
        json,
        {
            "dataset": dataset,
            "folder": str(folder),
            "train_images": len(data.train_labels),
            "test_images": len(data.test_labels),
        },
    )
