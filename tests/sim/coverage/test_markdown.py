"""Coverage as a section of a document."""

from __future__ import annotations

from onward.sim.coverage.markdown import section


def test_section() -> None:
    module = {"module": "hw/core/a.py", "lines": 4, "lines_hit": 3, "toggles": 10, "toggles_hit": 5}
    module |= {"missed_lines": ["hw/core/a.py:7, x, if"], "missed_toggles": []}
    bins = {"vector: zero": 1200, "vector: no zero": 0}
    text = section({"presets": ["tiny"], "seed": 1, "seconds": 61.0, "modules": [module], "bins": bins})
    assert "| `hw/core/a.py` | 3 of 4 | 75.0 % | 5 of 10 | 50.0 % |" in text
    assert "| all | 3 of 4 | 75.0 % | 5 of 10 | 50.0 % |" in text
    assert "Situations met: 1 of 2" in text and "| vector: zero | 1,200 |" in text
    assert "- `hw/core/a.py:7, x, if`\n" in text
    assert "onward coverage --preset tiny --seed 1" in text
