"""Numbers to pins and back: signed values and the packed layouts of the gateware."""

from __future__ import annotations

from collections.abc import Mapping
from enum import Enum
from typing import Any

from amaranth.hdl import Shape
from amaranth.lib import data

__all__ = ["pack", "read", "read_signed", "unpack", "wrap"]


def read(pin: Any) -> int:
    """The unsigned number on a pin; raises ValueError if a bit of it is undefined."""
    return int(pin.value)


def read_signed(pin: Any) -> int:
    """The two's complement number on a pin; raises ValueError if a bit of it is undefined."""
    return wrap(int(pin.value), len(pin))


def wrap(value: int, bits: int) -> int:
    """The signed number that the low ``bits`` of ``value`` stand for."""
    half = 1 << (bits - 1)
    return ((value + half) & ((1 << bits) - 1)) - half


def pack(layout: data.Layout, **fields: Any) -> int:
    """The bits of a structure; fields that are not named are 0, those of inner structures come as mappings."""
    bits = 0
    for name, value in fields.items():
        field = layout[name]
        if isinstance(value, Mapping):
            inner = pack(field.shape, **value)
        else:
            inner = int(value.value if isinstance(value, Enum) else value)
        bits |= (inner & ((1 << field.width) - 1)) << field.offset
    return bits


def unpack(layout: data.Layout, bits: int) -> dict[str, int]:
    """The fields of a structure without inner structures."""
    values = {}
    for name, field in layout:
        value = bits >> field.offset & ((1 << field.width) - 1)
        values[str(name)] = wrap(value, field.width) if Shape.cast(field.shape).signed else value
    return values
