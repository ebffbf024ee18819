"""What each data set consists of: its files, their hashes, and where they are kept."""

__all__ = ["CATALOGUE", "Files", "IdxFile", "cache_folder", "describe"]

import hashlib
import os
from dataclasses import dataclass
from pathlib import Path

from .errors import DatasetError
from .idx import read_raw


@dataclass(frozen=True)
class IdxFile:
    """One IDX file.

    Members
    -------
    name
        File name without ``.gz``.
    sha256
        Of the *uncompressed* content, lower-case hex: it holds for a plain and a gzipped copy
        alike and does not depend on who compressed it.
    """

    name: str
    sha256: str

    def find(self, folder: Path) -> Path | None:
        """The path of this file in ``folder``, plain before gzipped, if it is there."""
        for path in (folder / self.name, folder / f"{self.name}.gz"):
            if path.is_file():
                return path
        return None

    def read(self, path: Path) -> bytes:
        """The uncompressed content of ``path``, which must be this file.

        Raises
        ------
        DatasetError
            The file cannot be read or its sha256 is not the published one.
        """
        raw = read_raw(path)
        found = hashlib.sha256(raw).hexdigest()
        if found != self.sha256:
            raise DatasetError(f"{path}: sha256 of its {len(raw)} uncompressed bytes is {found}, wanted {self.sha256}")
        return raw


@dataclass(frozen=True)
class Files:
    """The four files of one data set, and the folder they are in if the package ships them."""

    train_images: IdxFile
    train_labels: IdxFile
    test_images: IdxFile
    test_labels: IdxFile
    shipped: Path | None = None

    def all(self) -> tuple[IdxFile, IdxFile, IdxFile, IdxFile]:
        """Training images and labels, test images and labels."""
        return self.train_images, self.train_labels, self.test_images, self.test_labels


def _files(*hashes: str, shipped: Path | None = None) -> Files:
    """Files under the names of the original MNIST distribution, which all sets here use."""
    train_images, train_labels, test_images, test_labels = hashes
    return Files(
        IdxFile("train-images-idx3-ubyte", train_images),
        IdxFile("train-labels-idx1-ubyte", train_labels),
        IdxFile("t10k-images-idx3-ubyte", test_images),
        IdxFile("t10k-labels-idx1-ubyte", test_labels),
        shipped,
    )


CATALOGUE: dict[str, Files] = {
    "mnist": _files(
        "ba891046e6505d7aadcbbe25680a0738ad16aec93bde7f9b65e87a2fc25776db",
        "65a50cbbf4e906d70832878ad85ccda5333a97f0f4c3dd2ef09a8a9eef7101c5",
        "0fa7898d509279e482958e8ce81c8e77db3f2f8254e26661ceb7762c4d494ce7",
        "ff7bcfd416de33731a308c3f266cc351222c34898ecbeaf847f06e48f7ec33f2",
    ),
    "fashion-mnist": _files(
        "c59f468a2f672dc815687fe0f83887768d799fd8a3f3276145d20f83aa44d888",
        "bad3541b69d912435c50bb6ba87bec294ff4f6a2e1246121d8633921760443d9",
        "5b4141f0afbad91edebe8549f8fcffe087ea10ca49f1dbef5c9a5cd8815ce37b",
        "0402a96d92fd2663957122ceb108a494c5af83dab82d92729df917d7dec38c34",
    ),
    "mnist-small": _files(
        "2889698e6bc3614913e76901316712919d1998fc2b44512451bfe65bc1e668b1",
        "651e38e2ac0632f5113ec18f1df4977117f953197819034009971a6675a0df78",
        "3f6bd66dee48df299584c67669bceee490faa25f931496bd7473b42106d7daed",
        "7b098e5f6a3065807cebeabf36fb1724a8aff19f2673ac08b4923e0e8c715bce",
        shipped=Path(__file__).parent / "subset",
    ),
}
"""Every data set by name."""


def describe(name: str) -> Files:
    """The files of data set ``name``.

    Raises
    ------
    DatasetError
        There is no such data set.
    """
    try:
        return CATALOGUE[name]
    except KeyError:
        known = ", ".join(CATALOGUE)
        raise DatasetError(f"no data set is called {name!r}, known are {known}") from None


def cache_folder(name: str) -> Path:
    """Where the fetched files of data set ``name`` are kept; it need not exist.

    ``$ONWARD_CACHE/NAME``, otherwise ``$XDG_CACHE_HOME/onward/NAME``, otherwise
    ``~/.cache/onward/NAME``. A relative ``$XDG_CACHE_HOME`` is ignored, as its specification asks.
    """
    own = os.environ.get("ONWARD_CACHE")
    if own:
        return Path(own) / name
    base = Path(os.environ.get("XDG_CACHE_HOME", ""))
    if not base.is_absolute():
        base = Path.home() / ".cache"
    return base / "onward" / name
