"""Progress on a terminal, silence in a pipe."""

from __future__ import annotations

import pytest

from onward.sw.cli.progress import note, progress_bar, say, training_note


def show(title: str) -> None:
    with progress_bar(title, 10) as advance:
        training_note(advance)(5, None)
        training_note(advance)(10, 12.34)
    say("a line [with brackets]")


def test_silent_in_a_pipe(capsys: pytest.CaptureFixture[str]) -> None:
    show("train")
    assert capsys.readouterr() == ("", "")


def test_bar_on_a_terminal(capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("FORCE_COLOR", "1")
    monkeypatch.setenv("COLUMNS", "120")
    show("train")
    out, err = capsys.readouterr()
    assert not out
    assert "train" in err
    assert "10/10" in err
    assert "training error 12.3 %" in err
    assert "a line [with brackets]" in err


def test_begins_where_it_is_told(capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("FORCE_COLOR", "1")
    monkeypatch.setenv("COLUMNS", "120")
    with progress_bar("train", 10, 4):
        pass
    assert "4/10" in capsys.readouterr().err


def test_notes_are_told_in_a_pipe_too(capsys: pytest.CaptureFixture[str]) -> None:
    note("a [line]")
    assert capsys.readouterr() == ("", "onward: a [line]\n")
