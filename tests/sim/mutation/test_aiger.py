"""Circuits are the same if all that their outputs depend on is."""

from __future__ import annotations

from pathlib import Path

from onward.sim.mutation.aiger import same_circuit

# Inputs a (2) and b (4), latches r (6) and s (8), output y = a & r; r becomes a & ~b, s becomes s & b.
UNIT = "aag 7 2 2 1 3\n2\n4\n6 12\n8 14\n10\n10 2 6\n12 2 5\n14 8 4\ni0 a\ni1 b\nl0 r\nl1 s\no0 y\n"
ORDERED = "aag 7 2 2 1 3\n2\n4\n8 14\n6 12\n10\n12 5 2\n14 8 4\n10 6 2\ni0 a\ni1 b\nl0 s\nl1 r\no0 y\n"


def _same(folder: Path, other: str) -> bool:
    (folder / "one.aag").write_text(UNIT)
    (folder / "other.aag").write_text(other)
    return same_circuit(folder / "one.aag", folder / "other.aag")


def test_order_does_not_matter(tmp_path: Path) -> None:
    assert _same(tmp_path, ORDERED)


def test_latches_that_nothing_depends_on_do_not_matter(tmp_path: Path) -> None:
    assert _same(tmp_path, UNIT.replace("14 8 4", "14 8 5"))
    assert _same(tmp_path, "aag 6 2 1 1 2\n2\n4\n6 12\n10\n10 2 6\n12 2 5\ni0 a\ni1 b\nl0 r\no0 y\n")


def test_any_other_gate_does(tmp_path: Path) -> None:
    assert not _same(tmp_path, UNIT.replace("12 2 5", "12 2 4"))
    assert not _same(tmp_path, UNIT.replace("10 2 6", "10 2 7"))
    assert not _same(tmp_path, UNIT.replace("o0 y", "o0 z"))


# A memory of one write and one read port, words of two bits, written from a and b; y = m.RD_DATA[0] & a.
MEMORY = (
    "aag 5 4 0 4 1\n2\n4\n6\n8\n10\n2\n4\n2\n10 6 2\n"
    "i0 a\ni1 b\ni2 m.RD_DATA[0]\ni3 m.RD_DATA[1]\no0 y\no1 m.WR_DATA[0]\no2 m.WR_DATA[1]\no3 m.RD_EN\n"
)


def test_bits_of_a_memory_that_nothing_reads_do_not_matter(tmp_path: Path) -> None:
    def same(other: str) -> bool:
        (tmp_path / "one.aag").write_text(MEMORY)
        (tmp_path / "other.aag").write_text(other)
        return same_circuit(tmp_path / "one.aag", tmp_path / "other.aag")

    assert same(MEMORY)
    assert same(MEMORY.replace("10\n2\n4\n2\n", "10\n2\n5\n2\n"))
    assert not same(MEMORY.replace("10\n2\n4\n2\n", "10\n3\n4\n2\n"))
    assert not same(MEMORY.replace("10\n2\n4\n2\n", "10\n2\n4\n3\n"))
