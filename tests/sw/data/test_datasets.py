"""Loading: the places in their order, and files that are not what they claim."""

import dataclasses
import gzip
import hashlib
import shutil
from pathlib import Path

import numpy as np
import pytest

from onward.sw.data.datasets import Dataset, load
from onward.sw.data.errors import DatasetError
from onward.sw.data.idx import read_idx


def check(dataset: Dataset, tiny: Path) -> None:
    """Every array of ``dataset`` is what the file of that name holds, images as rows."""
    for name in ("train_images", "train_labels", "test_images", "test_labels"):
        found, expected = getattr(dataset, name), read_idx(tiny / name)
        assert found.shape == ((len(expected), 784) if "images" in name else expected.shape)
        assert np.array_equal(found.ravel(), expected.ravel())


def test_loads_from_folder(tiny: Path) -> None:
    check(load("tiny", tiny), tiny)


def test_loads_from_cache(tiny: Path, cache: Path) -> None:
    shutil.copytree(tiny, cache / "tiny")
    check(load("tiny"), tiny)


def test_folder_without_the_files_falls_through_to_cache(tiny: Path, cache: Path, tmp_path: Path) -> None:
    shutil.copytree(tiny, cache / "tiny")
    check(load("tiny", tmp_path), tiny)


def test_folder_goes_before_cache(tiny: Path, cache: Path) -> None:
    shutil.copytree(tiny, cache / "tiny")
    (tiny / "test_labels").write_bytes(b"spoilt")
    with pytest.raises(DatasetError, match="^[^ ]*tiny/test_labels: "):
        load("tiny", tiny)


def test_loads_gzipped_files(tiny: Path, tmp_path: Path) -> None:
    for path in tiny.iterdir():
        (tmp_path / f"{path.name}.gz").write_bytes(gzip.compress(path.read_bytes()))
    check(load("tiny", tmp_path), tiny)


def test_missing_set_says_how_to_get_it(tiny: Path, cache: Path) -> None:
    message = f"^tiny: its four IDX files are not all in {cache}/tiny, run `onward fetch tiny`$"
    with pytest.raises(DatasetError, match=message):
        load("tiny")


def test_incomplete_set_is_missing(tiny: Path) -> None:
    (tiny / "test_labels").unlink()
    with pytest.raises(DatasetError, match=f"not all in {tiny} or "):
        load("tiny", tiny)


@pytest.mark.parametrize("name", ["train_images", "test_labels"])
def test_truncated_file_is_refused(tiny: Path, name: str) -> None:
    content = (tiny / name).read_bytes()
    (tiny / name).write_bytes(content[:-1])
    found = hashlib.sha256(content[:-1]).hexdigest()
    wanted = hashlib.sha256(content).hexdigest()
    message = f"{name}: sha256 of its {len(content) - 1} .* is {found}, wanted {wanted}"
    with pytest.raises(DatasetError, match=message):
        load("tiny", tiny)


def test_one_changed_pixel_is_refused(tiny: Path) -> None:
    content = bytearray((tiny / "test_images").read_bytes())
    content[-1] ^= 1
    (tiny / "test_images").write_bytes(content)
    with pytest.raises(DatasetError, match="test_images: sha256"):
        load("tiny", tiny)


def test_dataset_cannot_be_changed(tiny: Path) -> None:
    dataset = load("tiny", tiny)
    with pytest.raises(dataclasses.FrozenInstanceError):
        dataset.name = "other"  # type: ignore[misc]
    with pytest.raises(ValueError, match="read-only"):
        dataset.train_images[0, 0] = 0


def test_shipped_subset() -> None:
    subset = load("mnist-small")
    assert subset.train_images.shape == (10_000, 784)
    assert subset.test_images.shape == (2_000, 784)
    # The label counts of the first 10,000 and 2,000 images of MNIST.
    train = [1001, 1127, 991, 1032, 980, 863, 1014, 1070, 944, 978]
    test = [175, 234, 219, 207, 217, 179, 178, 205, 192, 194]
    assert np.bincount(subset.train_labels).tolist() == train
    assert np.bincount(subset.test_labels).tolist() == test
    assert subset.train_labels[:5].tolist() == [5, 0, 4, 1, 9]


def test_shipped_subset_does_not_need_the_cache(cache: Path) -> None:
    load("mnist-small")
    assert not cache.exists()
