"""Files that commands leave."""

from __future__ import annotations

import json
import os
from pathlib import Path

import pytest

from onward.sw.cli.report import RunError, check_folder, check_new, check_target, print_table, write_json


def test_json() -> None:
    write_json(None, {"a": 1})
    write_json(Path("a.json"), {"a": [1, None], "b": 0.5})
    assert json.loads((Path("a.json")).read_text()) == {"a": [1, None], "b": 0.5}
    assert os.listdir() == ["a.json"]


def test_targets() -> None:
    check_target(None)
    check_target(Path("a.json"))
    check_target(Path("a.json").absolute())
    with pytest.raises(RunError, match="its folder does not exist"):
        check_target(Path("no/a.json"))
    with pytest.raises(RunError, match="is a folder, not a file to write"):
        check_target(Path())


def test_existing_folders_are_left_alone() -> None:
    Path("a").mkdir()
    with pytest.raises(RunError, match="exists already"):
        check_new(Path("a"))
    check_new(Path("b"))
    assert os.listdir() == ["a"]


def test_places_that_cannot_be_folders() -> None:
    Path("file").touch()
    check_folder(Path("a/b/c"))
    for path in ("file", "file/a", "file/a/b"):
        with pytest.raises(RunError, match=f"{path}: .*file is no folder to write in"):
            check_folder(Path(path))
    with pytest.raises(RunError, match="no folder to write in"):
        check_new(Path("file/a"))
    with pytest.raises(RunError, match="its folder does not exist"):
        check_target(Path("file/a.json"))


def test_table(capsys: pytest.CaptureFixture[str]) -> None:
    print_table("Title", [("name", "value [x]"), ("other", "2")])
    text = capsys.readouterr().out
    assert text.startswith("Title")
    assert "name" in text
    assert "value [x]" in text
