"""Coverage of a real bench."""

from pathlib import Path

import pytest

from onward.hw.spec.presets import PRESETS
from onward.sim.cocotb.build import TOP
from onward.sim.cocotb.runner import run
from onward.sim.coverage.report import Coverage


@pytest.mark.xdist_group("cosim-verilator")
def test_a_bench_that_hardly_does_anything(tmp_path: Path) -> None:
    """Less stimulus covers less, and more covers all of what there is to run."""
    shares = []
    for effort in (0.001, 1.0):
        (result,) = run(PRESETS["tiny"], "verilator", ["reduce_tree"], folder=tmp_path, effort=effort, coverage=True)
        assert result.passed
        found = Coverage()
        found.add(tmp_path / "reduce_tree", f"{TOP}.sv")
        (module,) = found.report()["modules"]
        assert module["module"] == "hw/core/reduce_tree.py"
        assert module["lines_hit"] == module["lines"] - len(module["missed_lines"])
        shares.append(module["toggles_hit"] / module["toggles"])
    assert shares[0] < shares[1] and shares[1] > 0.99
    assert "status: BUSY" in found.missed_bins
