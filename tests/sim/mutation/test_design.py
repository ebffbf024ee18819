"""Which mutants are chosen, and what is known of them."""

from pathlib import Path

import pytest

from onward.hw.spec.presets import PRESETS
from onward.sim.cocotb.benches import BENCHES
from onward.sim.mutation import equivalence
from onward.sim.mutation.design import SELECT, MutatedDesign
from onward.sim.mutation.equivalence import prove_equivalent

TINY = PRESETS["tiny"]


def design(folder: Path, seed: int = 1, **counts: int) -> MutatedDesign:
    folder.mkdir(exist_ok=True)
    return MutatedDesign(BENCHES["operand_unit"].component(TINY), "onward", folder, counts, seed)


def test_mutants(tmp_path: Path) -> None:
    made = design(tmp_path, operand_unit=20, generator=5)
    assert [mutant.number for mutant in made.mutants] == list(range(1, 26))
    assert [mutant.module for mutant in made.mutants] == ["operand_unit"] * 20 + ["generator"] * 5
    places = [place for mutant in made.mutants for place in mutant.where]
    assert any(place.startswith("hw/core/operand_unit.py:") for place in places)
    assert all(place.startswith("hw/") for place in places)
    assert all("-module onward.generator" in mutant.options for mutant in made.mutants[20:])
    assert made.mutants == design(tmp_path / "again", operand_unit=20, generator=5).mutants
    assert made.mutants != design(tmp_path / "other", seed=2, operand_unit=20, generator=5).mutants


def test_verilog_selects_mutants(tmp_path: Path) -> None:
    verilog = design(tmp_path, operand_unit=3).verilog()
    assert f"input [15:0] {SELECT};" in verilog
    assert all(f"{SELECT} == 16'h{number:04x}" in verilog for number in (1, 2, 3))


def test_proofs(tmp_path: Path) -> None:
    """At least one of these does nothing, and most of them do something."""
    made = design(tmp_path, operand_unit=8)
    proved = [prove_equivalent(made, mutant) for mutant in made.mutants]
    assert 1 <= sum(proved) <= 4


def test_proofs_of_a_component_alone(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """As of a unit that is too large: the first of these changes what it does by itself, the second does not."""
    made = design(tmp_path, operand_unit=8)
    monkeypatch.setattr(equivalence, "_LARGEST", 0)
    monkeypatch.setattr(equivalence, "_same_gates", lambda design, mutant: False)
    assert [prove_equivalent(made, mutant) for mutant in made.mutants[4:6]] == [False, True]


def test_unknown_module(tmp_path: Path) -> None:
    with pytest.raises(ValueError, match="onward has no module 'sequencer': use one of generator, operand_unit"):
        design(tmp_path, sequencer=1)
