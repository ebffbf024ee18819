"""The shipped subset can be made again, byte for byte."""

from pathlib import Path

import numpy as np

from onward.sw.data.catalogue import describe
from onward.sw.data.datasets import load
from onward.sw.data.idx import read_idx
from onward.sw.data.make_subset import make_subset


def test_takes_the_first_images_in_order(tmp_path: Path) -> None:
    full = load("mnist-small")
    make_subset(full, tmp_path / "new", train=20, test=7)
    read = {path.name: read_idx(path) for path in (tmp_path / "new").iterdir()}
    assert set(read) == {f"{file.name}.gz" for file in describe("mnist-small").all()}
    images = read["train-images-idx3-ubyte.gz"]
    assert images.shape == (20, 28, 28)
    assert np.array_equal(images.reshape(20, 784), full.train_images[:20])
    assert np.array_equal(read["train-labels-idx1-ubyte.gz"], full.train_labels[:20])
    assert np.array_equal(read["t10k-images-idx3-ubyte.gz"][6].ravel(), full.test_images[6])
    assert np.array_equal(read["t10k-labels-idx1-ubyte.gz"], full.test_labels[:7])


def test_default_sizes_give_the_shipped_files(tmp_path: Path) -> None:
    # The subset's own first images are all of it: only the sizes and the files are tested here.
    make_subset(load("mnist-small"), tmp_path)
    for file in describe("mnist-small").all():
        file.read(tmp_path / f"{file.name}.gz")
