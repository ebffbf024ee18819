"""Names, hashes and the place of the cache."""

from pathlib import Path

import pytest

from onward.sw.data.catalogue import CATALOGUE, IdxFile, cache_folder, describe
from onward.sw.data.errors import DatasetError


def test_cache_is_where_the_user_says(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path / "xdg"))
    monkeypatch.setenv("ONWARD_CACHE", str(tmp_path / "own"))
    assert cache_folder("mnist") == tmp_path / "own" / "mnist"
    monkeypatch.delenv("ONWARD_CACHE")
    assert cache_folder("mnist") == tmp_path / "xdg" / "onward" / "mnist"


@pytest.mark.parametrize("xdg", [None, "", "relative"])
def test_cache_falls_back_to_home(monkeypatch: pytest.MonkeyPatch, tmp_path: Path, xdg: str | None) -> None:
    monkeypatch.delenv("ONWARD_CACHE", raising=False)
    monkeypatch.delenv("XDG_CACHE_HOME", raising=False)
    if xdg is not None:
        monkeypatch.setenv("XDG_CACHE_HOME", xdg)
    monkeypatch.setenv("HOME", str(tmp_path))
    assert cache_folder("mnist") == tmp_path / ".cache" / "onward" / "mnist"


def test_unknown_name_lists_the_known() -> None:
    with pytest.raises(DatasetError, match="'mnits', known are mnist, fashion-mnist, mnist-small"):
        describe("mnits")


def test_every_file_has_a_hash_of_its_own() -> None:
    hashes = [file.sha256 for files in CATALOGUE.values() for file in files.all()]
    assert len(set(hashes)) == len(hashes) == 12
    assert all(len(value) == 64 and value == value.lower() for value in hashes)


def test_plain_file_is_found_before_gzipped(tmp_path: Path) -> None:
    file = IdxFile("labels", "")
    assert file.find(tmp_path) is None
    (tmp_path / "labels.gz").touch()
    assert file.find(tmp_path) == tmp_path / "labels.gz"
    (tmp_path / "labels").touch()
    assert file.find(tmp_path) == tmp_path / "labels"
