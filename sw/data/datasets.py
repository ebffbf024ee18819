"""Load a data set as arrays, with every file checked against its published hash."""

__all__ = ["Dataset", "load"]

from dataclasses import dataclass
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from .catalogue import cache_folder, describe
from .errors import DatasetError
from .idx import decode_idx


@dataclass(frozen=True)
class Dataset:
    """Images and labels of one data set; all arrays are read-only.

    Members
    -------
    name
        As given to :func:`load`.
    train_images, test_images
        uint8 ``(N, 784)``, one row-major 28x28 image a row, 0 background to 255 ink.
    train_labels, test_labels
        uint8 ``(N,)``, 0 to 9.
    """

    name: str
    train_images: NDArray[np.uint8]
    train_labels: NDArray[np.uint8]
    test_images: NDArray[np.uint8]
    test_labels: NDArray[np.uint8]


def load(name: str, folder: Path | None = None) -> Dataset:
    """Load data set ``name``: ``mnist``, ``fashion-mnist`` or ``mnist-small``.

    The four files, plain or gzipped, are taken together from the first place that has them all:
    ``folder`` if given, then the folder shipped with the package (``mnist-small``) or the cache
    (the others). Nothing is downloaded here.

    Raises
    ------
    DatasetError
        The name is unknown, no place has all files, or a file is damaged or has a wrong hash.
    """
    files = describe(name)
    places = [] if folder is None else [folder]
    places.append(files.shipped or cache_folder(name))
    for place in places:
        paths = [path for file in files.all() if (path := file.find(place)) is not None]
        if len(paths) < 4:
            continue
        train_images, train_labels, test_images, test_labels = (
            decode_idx(file.read(path), str(path), dimensions)
            for path, file, dimensions in zip(paths, files.all(), (3, 1, 3, 1), strict=True)
        )
        return Dataset(
            name,
            train_images.reshape(len(train_images), -1),
            train_labels,
            test_images.reshape(len(test_images), -1),
            test_labels,
        )
    seen = " or ".join(map(str, places))
    advice = "reinstall the package" if files.shipped else f"run `onward fetch {name}`"
    raise DatasetError(f"{name}: its four IDX files are not all in {seen}, {advice}")
