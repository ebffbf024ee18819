"""Packed layouts are Amaranth's own."""

import random

from amaranth.hdl import signed
from amaranth.lib import data, enum

from onward.sim.cocotb.pins import pack, unpack, wrap


class Colour(enum.Enum, shape=2):
    RED = 0
    BLUE = 2


INNER = data.StructLayout({"colour": Colour, "flag": 1})
LAYOUT = data.StructLayout({"a": 5, "inner": INNER, "b": signed(7)})


def test_pack() -> None:
    rng = random.Random(1)
    for _ in range(100):
        values = {"a": rng.randrange(32), "inner": {"colour": rng.choice(list(Colour)), "flag": rng.getrandbits(1)}}
        values["b"] = rng.randint(-64, 63)
        assert pack(LAYOUT, **values) == LAYOUT.const(values).as_bits()
    assert pack(LAYOUT, a=3) == 3


def test_unpack() -> None:
    layout = data.StructLayout({"a": 5, "b": signed(7)})
    assert unpack(layout, pack(layout, a=17, b=-3)) == {"a": 17, "b": -3}


def test_wrap() -> None:
    assert [wrap(value, 4) for value in (7, 8, 15, 16, -9)] == [7, -8, -1, 0, 7]
