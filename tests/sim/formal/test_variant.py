"""Copies of modules: independent, replaceable, and mutated where they are said to be."""

from __future__ import annotations

import pytest

from onward.hw.core import generator
from onward.sim.formal.variant import Mutant, MutantError, Variant

MODULE = "onward.hw.core.generator"


def test_a_copy_is_another_module_with_the_same_code() -> None:
    copy = Variant().load(MODULE)
    assert copy.Generator is not generator.Generator
    assert copy.Generator.__doc__ == generator.Generator.__doc__


def test_names_are_replaced_in_the_copy_only() -> None:
    copy = Variant().load(MODULE, generator_constant=lambda index: 7)
    assert copy.generator_constant(0) == 7
    assert generator.generator_constant(0) != 7


def test_only_names_that_are_there_can_be_replaced() -> None:
    with pytest.raises(AttributeError, match="has no 'other' to replace"):
        Variant().load(MODULE, other=1)


def test_a_mutant_changes_the_source_of_its_module() -> None:
    mutant = Mutant("another name", MODULE, '__all__ = ["Generator"]', '__all__ = ["Mutant"]')
    variant = Variant(mutant)
    assert variant.load(MODULE).__all__ == ["Mutant"]
    variant.check()


@pytest.mark.parametrize("old", ["nowhere in the source", "state"])
def test_a_mutant_needs_its_piece_of_source_exactly_once(old: str) -> None:
    with pytest.raises(MutantError, match="exactly once"):
        Variant(Mutant("impossible", MODULE, old, "")).load(MODULE)


def test_a_mutant_that_is_not_loaded_is_an_error() -> None:
    variant = Variant(Mutant("elsewhere", "onward.hw.core.lane", "x", "y"))
    variant.load(MODULE)
    with pytest.raises(MutantError, match="does not load"):
        variant.check()
