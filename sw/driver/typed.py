"""Types of values that come from files."""

from __future__ import annotations

from dataclasses import fields
from typing import Any

from onward.hw.spec.config import ConfigError

__all__ = ["check_types"]

_TAKEN: dict[str, tuple[type, ...]] = {
    "int": (int,),
    "float": (int, float),
    "str": (str,),
    "bool": (bool,),
    "str | None": (str, type(None)),
}
"""What stands in a dataclass, and what JSON may have for it."""


def check_types(values: Any) -> None:
    """Raise ConfigError if a field of a dataclass has a value of another type; those of other types are not looked at.

    JSON has no types to rely on: a file may have ``"3"`` for 3, or a list.
    """
    for field in fields(values):
        taken = _TAKEN.get(str(field.type))
        value = getattr(values, field.name)
        if taken is not None and (not isinstance(value, taken) or (isinstance(value, bool) and bool not in taken)):
            raise ConfigError(f"{field.name} must be of type {field.type}, not {value!r}")
