"""Benches notice mutants, survivors are told from equivalent ones, and the unit itself must pass."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import pytest

from onward.hw.core.scanner import Scanner
from onward.hw.spec.presets import PRESETS
from onward.sim.cocotb.benches import BENCHES
from onward.sim.mutation import campaign
from onward.sim.mutation.campaign import CampaignError, run_campaign
from onward.sim.mutation.equivalence import prove_equivalent
from onward.sim.mutation.modules import MODULES

TINY = PRESETS["tiny"]
HERE = Path(__file__).parents[3]

pytestmark = pytest.mark.xdist_group("cosim-verilator")


def test_two_small_modules(tmp_path: Path) -> None:
    told: list[int] = []
    verdicts = run_campaign(TINY, ["scanner", "reduce_tree"], 12, tmp_path, lambda done, note: told.append(done))
    assert [verdict.mutant.module for verdict in verdicts] == ["scanner"] * 12 + ["reduce_tree"] * 12
    assert told[-1] <= 24 and told == sorted(told)
    caught = [verdict for verdict in verdicts if verdict.caught]
    survivors = [verdict for verdict in verdicts if not verdict.caught]
    assert len(caught) >= 18
    assert any("instead of" in verdict.caught for verdict in caught)
    # What a bench has caught is different, so there can be no proof that it is not.
    assert not any(prove_equivalent(verdict.design, verdict.mutant) for verdict in caught[:4])
    assert len(survivors) <= 6
    again = run_campaign(TINY, ["scanner"], 12, tmp_path)
    assert [verdict.mutant for verdict in again] == [verdict.mutant for verdict in verdicts[:12]]


def test_a_bench_that_fails_without_a_mutant(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    wrong = replace(BENCHES["scanner"], component=lambda config: Scanner(replace(config, lanes=2)))
    monkeypatch.setitem(campaign.BENCHES, "scanner", wrong)
    with pytest.raises(CampaignError, match="scanner has not judged 3 mutants; log: "):
        run_campaign(TINY, ["scanner"], 3, tmp_path)


def test_every_component_of_the_core_has_its_benches() -> None:
    """But for those that are parts of others: a new file is noticed here."""
    parts = {"carry_chain", "decode", "ecp5", "host_port", "instruction_kinds", "lane_control", "logic_table"}
    parts |= {"lookup_table", "memory_style", "scalar_control", "uop", "vector_op", "__init__"}
    files = {path.stem for path in (HERE / "hw" / "core").glob("*.py")}
    assert files - parts == set(MODULES)
    assert {bench for benches in MODULES.values() for bench in benches} <= set(BENCHES)
