"""Sections that commands write leave the rest of a document as it is."""

from __future__ import annotations

from pathlib import Path

from onward.sim.document import table, update_section


def test_a_section_takes_the_place_of_the_one_before(tmp_path: Path) -> None:
    document = tmp_path / "a.md"
    document.write_text("# Mine\n\nText.\n")
    update_section(document, "mutation", "long\n")
    assert document.read_text().startswith("# Mine\n\nText.\n\n<!--")
    document.write_text(document.read_text() + "\nAfter.\n")
    update_section(document, "coverage", "other\n")
    update_section(document, "mutation", "short\n")
    after = document.read_text()
    assert after.startswith("# Mine\n\nText.\n\n<!--") and "-->\n\nAfter.\n" in after
    assert "short\n" in after and "long" not in after and "other\n" in after
    update_section(document, "mutation", "short\n")
    assert document.read_text() == after


def test_a_new_document(tmp_path: Path) -> None:
    update_section(tmp_path / "new.md", "fuzz", "text\n")
    assert (tmp_path / "new.md").read_text().startswith("# Verification\n\n<!-- written by `onward fuzz")


def test_table() -> None:
    assert table(["a", "b"], [["1", "2"]]) == ["| a | b |", "| --- | --- |", "| 1 | 2 |"]
