"""Function tables against real arithmetic, and the random generators' constants."""

import math

from onward.hw.spec.tables import EXP2_TABLE, RECIPROCAL_TABLE, RSQRT_TABLE, generator_constant


def look_up(table: tuple[tuple[int, int], ...], index: int, position: int) -> int:
    base, slope = table[index]
    return base + ((slope * position) >> 10)


def test_tables_are_within_four_units() -> None:
    functions = (
        (EXP2_TABLE, 0, lambda t: 2 ** (15 + t)),
        (RECIPROCAL_TABLE, 0, lambda t: 2**16 / (1 + t)),
        (RSQRT_TABLE, 0, lambda t: 2**23 / math.sqrt(2**15 * (1 + t))),
        (RSQRT_TABLE, 64, lambda t: 2**24 / math.sqrt(2**16 * (1 + t))),
    )
    for table, offset, exact in functions:
        for index in range(64):
            for position in range(0, 1024, 31):
                value = look_up(table, offset + index, position)
                assert 2**15 <= value <= 2**16
                assert abs(value - exact((index + position / 1024) / 64)) <= 4


def test_constants_differ() -> None:
    constants = [generator_constant(index) for index in range(1026)]
    assert len(set(constants)) == len(constants)
    assert all(0 < constant < 1 << 32 for constant in constants)
    bits = sum(constant.bit_count() for constant in constants) / len(constants)
    assert 15.5 < bits < 16.5
