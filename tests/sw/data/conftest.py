"""A tiny data set with the form of the real ones, entered in the catalogue as ``tiny``."""

import hashlib
from dataclasses import fields
from pathlib import Path

import numpy as np
import pytest

from onward.sw.data import catalogue
from onward.sw.data.catalogue import Files, IdxFile
from onward.sw.data.idx import write_idx


@pytest.fixture
def cache(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """An empty cache; the machine's own is out of reach."""
    monkeypatch.setenv("ONWARD_CACHE", str(tmp_path / "cache"))
    return tmp_path / "cache"


@pytest.fixture
def tiny(cache: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A folder with the four files: ``train_images``, ``train_labels`` and so on, plain."""
    folder = tmp_path / "tiny"
    folder.mkdir()
    rng = np.random.default_rng(5)
    names = [field.name for field in fields(Files) if field.name != "shipped"]
    shapes = ((6, 28, 28), (6,), (3, 28, 28), (3,))
    files = []
    for name, shape in zip(names, shapes, strict=True):
        write_idx(folder / name, rng.integers(0, 256, shape, dtype=np.uint8))
        files.append(IdxFile(name, hashlib.sha256((folder / name).read_bytes()).hexdigest()))
    monkeypatch.setitem(catalogue.CATALOGUE, "tiny", Files(files[0], files[1], files[2], files[3]))
    return folder
