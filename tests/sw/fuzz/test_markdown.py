"""A fuzzing run as a section of a document."""

from __future__ import annotations

from onward.sw.fuzz.markdown import section

TARGET = {"name": "idx", "inputs": 2000, "accepted": 500, "refusals": {"a": 1500}, "broken": 0, "seconds": 4.0}
BOARD = {
    **{"preset": "tiny", "frames": 1000, "cycles": 5000, "seconds": 2.0, "readings": 2, "programs": 10, "ended": 7},
    **{"trainings": 1, "statuses": {"OK": 4, "BUSY": 6}},
}


def test_section() -> None:
    report = {"seed": 1, "inputs": 2000, "seconds": 8.0, "wrong": 0, "targets": [TARGET | {"slowest": 0.25}]}
    text = section(report)
    assert "2,000 inputs in 8 s,\n250 a second, 0 failures" in text
    assert "| `idx` | 2,000 | 500 | 1 | 0 | 500 | 0.25 s |" in text
    assert "board" not in text
    text = section(report | {"device": BOARD})
    assert "1,000 hostile frames in 5,000 cycles" in text and "6 BUSY, 4 OK." in text
    assert "10 hostile programs, 7 of which" in text
