import threading
import time
from pathlib import Path
from types import SimpleNamespace

import pytest

from onward.hw.spec.presets import PRESETS
from onward.sim.board import build, compile
from onward.sim.board.build import SimBuildError, board_verilog, build_library

TINY = PRESETS["tiny"]


@pytest.fixture
def compiled(monkeypatch):
    """What was compiled; nothing really is."""
    calls = []

    def fake(text, divisor, work, effort):
        calls.append((text, divisor))
        time.sleep(0.05)
        (work / "board.so").write_text(text)
        return work / "board.so"

    monkeypatch.setattr(build, "compile_board", fake)
    return calls


@pytest.fixture
def elaborated(monkeypatch):
    """What was elaborated; nothing really is."""
    calls = []

    def fake(config, divisor):
        calls.append((config.name, divisor))
        return f"text {len(calls)}"

    monkeypatch.setattr(build, "_elaborate", fake)
    return calls


def files(folder: Path) -> list[str]:
    return sorted(path.relative_to(folder).as_posix() for path in folder.rglob("*") if path.is_file())


def test_library_is_built_once(cache, compiled):
    first = build_library("a")
    assert build_library("a") == first
    assert first.read_text() == "a"
    assert len(compiled) == 1
    assert len(files(cache)) == 1


def test_other_input_is_another_library(cache, compiled, monkeypatch):
    paths = [build_library("a"), build_library("b"), build_library("a", 27)]
    monkeypatch.setattr(compile, "_COMPILER", (*compile._COMPILER, "-g"))
    paths.append(build_library("a"))
    monkeypatch.setattr(compile, "_verilator_version", lambda: "0")
    paths.append(build_library("a"))
    assert len(set(paths)) == len(paths)


def test_builders_at_the_same_time(cache, compiled):
    paths = []
    threads = [threading.Thread(target=lambda: paths.append(build_library("a"))) for _ in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert len(compiled) > 1
    assert len(paths) == 4
    assert len(set(paths)) == 1
    assert [cache / file for file in files(cache)] == [paths[0]]
    assert len(list(paths[0].parent.parent.iterdir())) == 1


def test_verilog_is_elaborated_once(cache, elaborated):
    assert [board_verilog(TINY), board_verilog(TINY)] == ["text 1", "text 1"]
    assert board_verilog(TINY, 27) == "text 2"
    assert board_verilog(PRESETS["icebreaker"]) == "text 3"
    assert board_verilog(TINY) == "text 1"
    assert len(elaborated) == 3


def test_verilog_follows_the_sources(cache, elaborated, tmp_path, monkeypatch):
    folder = tmp_path / "hw"
    folder.mkdir()
    (folder / "a.py").write_text("a")
    monkeypatch.setattr(build, "hw", SimpleNamespace(__path__=[str(folder)]))
    assert board_verilog(TINY) == "text 1"
    (folder / "a.py").write_text("b")
    assert board_verilog(TINY) == "text 2"
    (folder / "a.py").rename(folder / "b.py")
    assert board_verilog(TINY) == "text 3"
    (folder / "b.py").rename(folder / "a.py")
    assert board_verilog(TINY) == "text 2"


def test_sources_change_during_elaboration(cache, tmp_path, monkeypatch):
    source = tmp_path / "hw" / "a.py"
    source.parent.mkdir()
    source.write_text("a")
    monkeypatch.setattr(build, "hw", SimpleNamespace(__path__=[str(source.parent)]))
    texts = []

    def edit_once(config, divisor):
        texts.append(source.read_text())
        source.write_text("b")
        return texts[-1]

    monkeypatch.setattr(build, "_elaborate", edit_once)
    assert board_verilog(TINY) == "b"
    assert texts == ["a", "b"]
    assert len(files(cache)) == 1


def test_failed_elaboration(cache):
    with pytest.raises(
        SimBuildError, match="elaboration failed\n(.*\n)*.*a bit must last at least 4 clock cycles, not 1"
    ):
        board_verilog(TINY, 1)
    assert not cache.exists()
