"""What an imperfection may be."""

import math

import pytest

from onward.sw.golden.imperfection import Imperfection


def test_ideal() -> None:
    assert Imperfection().is_ideal
    assert Imperfection(seed=7).is_ideal
    assert not Imperfection(read_noise=0.01).is_ideal
    assert not Imperfection(gain_error=0.01).is_ideal


@pytest.mark.parametrize(
    ("values", "reason"),
    [
        ({"read_noise": -0.1}, "read_noise must be 0 to 4, not -0.1"),
        ({"read_noise": math.nan}, "read_noise must be 0 to 4, not nan"),
        ({"gain_error": 1.5}, "gain_error must be 0 to 1, not 1.5"),
        ({"seed": -1}, "the seed of an imperfection must be 0 or more, not -1"),
    ],
)
def test_refusals(values: dict[str, float], reason: str) -> None:
    with pytest.raises(ValueError, match=f"^{reason}$"):
        Imperfection(**values)
