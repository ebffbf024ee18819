"""The instruction word."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from onward.hw.spec.isa import FIELDS, INSTRUCTION_BITS, USED_FIELDS, Instruction, Op


def test_fields_do_not_overlap() -> None:
    taken = 0
    for lowest, bits in FIELDS.values():
        mask = ((1 << bits) - 1) << lowest
        assert not taken & mask
        taken |= mask
    assert taken < 1 << INSTRUCTION_BITS


def test_every_operation_says_what_it_uses() -> None:
    assert set(USED_FIELDS) == set(Op)
    assert all(name in FIELDS for names in USED_FIELDS.values() for name in names)


@given(st.sampled_from(list(Op)), st.data())
def test_round_trip(op: Op, data: st.DataObject) -> None:
    fields = {name: data.draw(st.integers(0, (1 << FIELDS[name][1]) - 1)) for name in USED_FIELDS[op]}
    instruction = Instruction(op, **fields)
    assert Instruction.decode(instruction.encode()) == instruction


def test_refused() -> None:
    with pytest.raises(ValueError, match="MAC: field n must be 0 to 4095, not 4096"):
        Instruction(Op.MAC, n=4096).encode()
    with pytest.raises(ValueError, match="30"):
        Instruction.decode(30)
