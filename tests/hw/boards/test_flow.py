"""What is read from nextpnr's reports: these are recorded ones, with less in them."""

from __future__ import annotations

import pytest

from onward.hw.boards.errors import BuildError
from onward.hw.boards.flow import read_timing

ICE40 = {
    "fmax": {
        "clk12_0__io_SB_PLL40_PAD_PACKAGEPIN_PLLOUTGLOBAL": {
            "achieved": 23.99808120727539,
            "constraint": 16.51691436767578,
        }
    }
}
"""The check of the iCE40: a clock of 16.5 MHz, whose constraint is a thousandth above it."""


def reach(mhz: float, **others: tuple[float, float]) -> dict:
    """The same report, had the core reached something else; other clocks with what they reach and what they have to."""
    ((name, clock),) = ICE40["fmax"].items()
    rest = {other: {"achieved": achieved, "constraint": wanted} for other, (achieved, wanted) in others.items()}
    return {"fmax": {name: clock | {"achieved": mhz}, **rest}}


def test_a_clock_behind_a_pll():
    assert read_timing(ICE40, 16.5) == (23.99808120727539, {})


def test_the_silicon_s_clock_counts_and_not_its_rounded_constraint():
    assert read_timing(reach(16.505), 16.5) == (16.505, {})
    ((reached, wanted),) = read_timing(reach(16.49), 16.5)[1].values()
    assert (reached, wanted) == (16.49, 16.5)


def test_another_clock_is_judged_by_its_own_constraint_and_named():
    assert read_timing(reach(20.0, usb=(47.0, 48.0)), 16.5) == (20.0, {"usb": (47.0, 48.0)})
    assert read_timing(reach(20.0, usb=(48.0, 48.0), pin=(12.5, 12.0)), 16.5) == (20.0, {})


def test_the_slowest_of_the_core_s_clocks_counts():
    fmax, missed = read_timing(reach(20.0, half=(16.0, 16.5)), 16.5)
    assert fmax == 16.0 and list(missed) == ["half"]


@pytest.mark.parametrize("clock", (12.0, 33.0))
def test_no_clock_of_the_core(clock):
    with pytest.raises(BuildError, match="no clock was constrained to"):
        read_timing(ICE40, clock)
