"""Which platforms have the cells of an ECP5."""

__all__ = ["FACTOR_BITS", "is_ecp5"]

FACTOR_BITS = 18
"""Of a factor of a MULT18X18D."""


def is_ecp5(platform: object) -> bool:
    """Whether ``platform`` is an ECP5, whose cells may then be instantiated."""
    return str(getattr(platform, "device", "")).upper().startswith("LFE5U")
