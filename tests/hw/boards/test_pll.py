"""Settings of the PLLs: within the limits of the parts, and what clock they make."""

from __future__ import annotations

from fractions import Fraction

import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st

from onward.hw.boards.errors import BuildError
from onward.hw.boards.mmcm import solve_mmcm
from onward.hw.boards.pll_ecp5 import solve_ecp5
from onward.hw.boards.pll_gowin import solve_gowin
from onward.hw.boards.pll_ice40 import solve_ice40

clocks = st.integers(200, 2000).map(lambda tenths: tenths / 10)


def near(found, wanted: float) -> bool:
    return Fraction(97, 100) * Fraction(wanted) <= found.clock_mhz <= Fraction(wanted).limit_denominator(1000)


@settings(deadline=None)
@given(st.sampled_from((25, 48)), clocks)
def test_ecp5(reference, wanted):
    found = solve_ecp5(reference, wanted)
    phase = Fraction(reference, found.reference)
    oscillator = phase * found.feedback * found.primary
    assert near(found, wanted)
    assert oscillator / found.output == found.clock_mhz
    assert phase * found.feedback == found.primary_mhz <= 400
    assert phase >= Fraction(25, 8) and 400 <= oscillator <= 800
    assert all(1 <= divider <= 128 for divider in (found.reference, found.feedback, found.primary, found.output))


@settings(deadline=None)
@given(clocks)
@example(33.7)  # the steps are the widest here
def test_ice40(wanted):
    found = solve_ice40(12, wanted)
    oscillator = 12 * (found.divf + 1) / Fraction(found.divr + 1)
    assert near(found, wanted)
    assert oscillator / 2**found.divq == found.clock_mhz
    assert 533 <= oscillator <= 1066 and 0 <= found.divf <= 127 and 1 <= found.divq <= 6
    assert found.filter_range == 1


@settings(deadline=None)
@given(st.integers(1, 9), st.integers(2, 64).map(lambda feedback: 27 * feedback))
def test_gowin(reference, product):
    wanted = product / reference
    if not 4 <= wanted <= 600:
        return
    found = solve_gowin(27, wanted)
    assert near(found, wanted)
    assert Fraction(27 * found.feedback, found.reference) == found.clock_mhz
    assert 500 <= found.clock_mhz * found.output <= 1200 and 27 / found.reference >= 3


@settings(deadline=None)
@given(clocks)
def test_mmcm(wanted):
    found = solve_mmcm(100, wanted)
    oscillator = Fraction(100 * found.feedback, found.reference)
    assert near(found, wanted)
    assert oscillator / found.output == found.clock_mhz
    assert 600 <= oscillator <= 1200 and 100 / found.reference >= 10


@pytest.mark.parametrize(
    "solve, reference, wanted",
    [(solve_ecp5, 25, 80), (solve_ecp5, 48, 50), (solve_ice40, 12, 18), (solve_gowin, 27, 54), (solve_mmcm, 100, 80)],
)
def test_exact_where_possible(solve, reference, wanted):
    assert solve(reference, wanted).clock_mhz == wanted


@pytest.mark.parametrize(
    "solve, reference, wanted",
    [(solve_ecp5, 25, 2), (solve_ecp5, 25, 900), (solve_ice40, 12, 5), (solve_gowin, 27, 1), (solve_mmcm, 100, 1300)],
)
def test_impossible_clocks_are_refused(solve, reference, wanted):
    with pytest.raises(BuildError, match=f"cannot make {wanted} MHz of {reference} MHz: choose"):
        solve(reference, wanted)
