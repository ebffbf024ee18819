"""The checker notices what is wrong, missing, too much, or never compared."""

import pytest

from onward.sim.cocotb.checker import Checker


def test_in_order() -> None:
    checker = Checker("sum")
    for value in (1, 2):
        checker.expect(value, f"of {value}")
    checker.check(1)
    assert (checker.compared, checker.outstanding) == (1, 1)
    checker.check(2)
    checker.finish(least=2)


def test_differences() -> None:
    checker = Checker("sum")
    with pytest.raises(AssertionError, match="sum: 7 came after 0 others, and nothing was expected"):
        checker.check(7)
    checker.expect(5, "of 2 and 3")
    with pytest.raises(AssertionError, match="sum: 1 missing after 0; the next is 5 of 2 and 3"):
        checker.finish()
    with pytest.raises(AssertionError, match="sum, number 0 of 2 and 3: 6 instead of 5"):
        checker.check(6)
    with pytest.raises(AssertionError, match="only 0 compared, 1 should have been"):
        checker.finish()
