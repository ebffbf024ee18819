"""Number formats against exact arithmetic."""

import math
from fractions import Fraction

import pytest
from hypothesis import given
from hypothesis import strategies as st

from onward.hw.spec.formats import Fixed, scalar_from_float, scalar_to_float


@given(st.integers(2, 32), st.integers(0, 30), st.floats(-1e6, 1e6))
def test_quantise_is_nearest_and_saturates(bits: int, fraction: int, value: float) -> None:
    form = Fixed(bits, fraction)
    code = form.quantise(value)
    exact = Fraction(value) * 2**fraction
    assert form.min <= code <= form.max
    if form.min <= exact <= form.max:
        assert abs(code - exact) <= Fraction(1, 2)
    else:
        assert code == (form.max if exact > 0 else form.min)


@given(st.floats(2.0**-100, 2.0**100), st.booleans())
def test_scalar_round_trip(value: float, negative: bool) -> None:
    value = -value if negative else value
    assert math.isclose(scalar_to_float(scalar_from_float(value)), value, rel_tol=2.0**-16)


def test_scalar_specials() -> None:
    assert scalar_from_float(0.0) == 0
    assert scalar_to_float(0) == 0.0
    assert scalar_to_float(scalar_from_float(1.0)) == 1.0
    assert scalar_to_float(scalar_from_float(-0.75)) == -0.75
    assert scalar_to_float(scalar_from_float(1 - 2.0**-20)) == 1.0
    for bad in (math.inf, math.nan, 2.0**150, 2.0**-120):
        with pytest.raises(ValueError, match="scalar"):
            scalar_from_float(bad)
