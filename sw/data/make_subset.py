"""Make ``mnist-small``, the part of MNIST shipped with the package."""

__all__ = ["make_subset"]

from pathlib import Path

from .catalogue import describe
from .datasets import Dataset
from .idx import write_idx


def make_subset(full: Dataset, folder: Path, train: int = 10_000, test: int = 2_000) -> None:
    """Write the first ``train`` training and ``test`` test images of ``full``, with their labels.

    The order is kept and nothing is selected, so a result on the subset says something about the
    full set. The files are gzipped IDX without a time stamp: running it again gives the same
    files.

    Parameters
    ----------
    full
        The set to take the images from, 28x28 pixels.
    folder
        Where the four files go; created if needed.
    """
    folder.mkdir(parents=True, exist_ok=True)
    files = describe("mnist-small")
    parts = (
        full.train_images[:train].reshape(-1, 28, 28),
        full.train_labels[:train],
        full.test_images[:test].reshape(-1, 28, 28),
        full.test_labels[:test],
    )
    for file, array in zip(files.all(), parts, strict=True):
        write_idx(folder / f"{file.name}.gz", array)
