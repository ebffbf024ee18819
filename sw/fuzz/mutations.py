"""Hostile changes of bytes, of what JSON keeps, and of lines of TOML."""

from __future__ import annotations

import json
import random
from collections.abc import Callable
from typing import Any

__all__ = ["DEPTH", "hostile_json", "mutate_bytes", "mutate_lines"]

DEPTH = 3000
"""Brackets inside each other that break a parser which calls itself for each."""

_NUMBERS = (0, 1, 2, 3, 4, 7, 8, 0x7F, 0x80, 0xFF, 0x7FFF, 0x8000, 0xFFFF, 0x7FFFFFFF, 0x80000000, 0xFFFFFFFF)
_LARGEST = 1 << 16
_DEEP, _DIGITS = "@deep@", "@digits@"
_HOSTILE: tuple[Any, ...] = (
    *(None, True, False, 0, -1, 1, 2, 255, 4096, 1 << 20, 1 << 31, 1 << 63, -(1 << 63), 1 << 70, 10**300),
    *(0.0, 0.5, -0.5, 1e-320, 1e308, float("inf"), float("-inf"), float("nan")),
    *("", "x", "a\nb", "\x1b[2J", "\ud800", "\u202e", "'", "0", "../../x", "x" * 5000, _DEEP, _DIGITS),
    *([], {}, [1], [[]], {"": 0}, [0] * 5000, [True]),
)
_LITERALS = (
    *("0", "-1", "1", "1.5", "true", "nan", "inf", "-inf", "1e999", "4096", "4097", "1048576", "2147483648"),
    *("9" * 30, "9" * 5000, "0x" + "f" * 5000, '""', '"x"', '"a\\nb"', '"\\u001b[2J"', '"' + "x" * 5000 + '"'),
    *("[]", "{}", "[1]", "[0, 0]", "[[1]]", "[1, true]", '["x"]', "[1.5, 2]", "[" + "1," * 5000 + "]"),
    *("1979-05-27", "07:32:00", "{a = 1}", "[" * DEPTH + "]" * DEPTH, "{a=" * DEPTH + "1" + "}" * DEPTH, "'''\n'''"),
    *("[" + ", ".join(map(str, range(200))) + "]", "[" + ", ".join(map(str, range(20000))) + "]", "a.b.c"),
)


def mutate_bytes(rng: random.Random, data: bytes) -> bytes:
    """One to four changes of ``data`` at random places."""
    found = bytearray(data)
    for _ in range(rng.choice((1, 1, 1, 2, 3, 4))):
        rng.choice(_CHANGES)(rng, found)
    return bytes(found[:_LARGEST])


def _flip(rng: random.Random, data: bytearray) -> None:
    if data:
        data[rng.randrange(len(data))] ^= 1 << rng.randrange(8)


def _set(rng: random.Random, data: bytearray) -> None:
    if data:
        data[rng.randrange(len(data))] = rng.choice((0, 1, 2, 8, 0x7F, 0x80, 0xFE, 0xFF, rng.randrange(256)))


def _number(rng: random.Random, data: bytearray) -> None:
    size = rng.choice((2, 4, 8))
    value = rng.choice((rng.choice(_NUMBERS), rng.getrandbits(8 * size))) % (1 << 8 * size)
    at = rng.randrange(len(data) + 1)
    data[at : at + size] = value.to_bytes(size, rng.choice(("little", "big")))


def _cut(rng: random.Random, data: bytearray) -> None:
    del data[rng.randrange(len(data) + 1) :]


def _remove(rng: random.Random, data: bytearray) -> None:
    at = rng.randrange(len(data) + 1)
    del data[at : at + rng.randint(1, 16)]


def _insert(rng: random.Random, data: bytearray) -> None:
    at = rng.randrange(len(data) + 1)
    data[at:at] = rng.choice((rng.randbytes(rng.randint(1, 16)), bytes(rng.randint(1, 600)), b"\xff" * 8))


def _repeat(rng: random.Random, data: bytearray) -> None:
    at = rng.randrange(len(data) + 1)
    data[at:at] = data[at : at + rng.randint(1, 300)] * rng.choice((1, 1, 2, 30))


_CHANGES: tuple[Callable[[random.Random, bytearray], None], ...] = (
    *(_flip, _flip, _set, _set, _number, _number, _cut, _remove, _insert, _repeat),
)


def hostile_json(rng: random.Random, value: Any) -> str:
    """The JSON text of ``value`` with one thing in it changed: another type, a limit, or one more or less."""
    text = json.dumps(_changed(rng, value))
    return text.replace(json.dumps(_DEEP), "[" * DEPTH + "]" * DEPTH).replace(json.dumps(_DIGITS), "9" * 5000)


def _changed(rng: random.Random, value: Any) -> Any:
    if not isinstance(value, dict | list) or not value or rng.random() < 0.05:
        return rng.choice((*_HOSTILE, *_neighbours(value)))
    copy: Any = dict(value) if isinstance(value, dict) else list(value)
    key = rng.choice(list(copy)) if isinstance(copy, dict) else rng.randrange(len(copy))
    kind = rng.random()
    if kind < 0.1:
        del copy[key]
    elif kind < 0.15 and isinstance(copy, dict):
        copy[rng.choice(("", "x", "self", "a\nb"))] = rng.choice(_HOSTILE)
    else:
        copy[key] = _changed(rng, copy[key])
    return copy


def _neighbours(value: Any) -> tuple[Any, ...]:
    """Values of the same type that are wrong by a little."""
    if isinstance(value, bool) or not isinstance(value, int | float):
        return ()
    return (value + 1, value - 1, -value, value * 2, float(value), str(value))


def mutate_lines(rng: random.Random, text: str, keys: tuple[str, ...]) -> bytes:
    """TOML lines with some changed: a value replaced, a line added, repeated, moved or lost, or any byte."""
    lines = text.splitlines()
    for _ in range(rng.choice((1, 1, 1, 2, 3, 12))):
        at = rng.randrange(len(lines) + 1)
        kind = rng.random()
        if kind < 0.45:
            key = rng.choice(keys)
            if at < len(lines) and "=" in lines[at]:
                key = lines.pop(at).partition("=")[0]
            lines.insert(at, f"{key} = {rng.choice(_LITERALS)}")
        elif kind < 0.6:
            lines.insert(at, f"{rng.choice(keys)} = {rng.choice(_LITERALS)}")
        elif kind < 0.7:
            lines.insert(at, rng.choice(("[grid]", "[[study]]", "[study]", "[study.grid]", "[parameters]", "[[grid]]")))
        elif lines:
            line = lines.pop(at % len(lines))
            if kind < 0.9:
                lines.insert(rng.randrange(len(lines) + 1), line)
            if kind < 0.8:
                lines.insert(rng.randrange(len(lines) + 1), line)
    raw = "\n".join(lines).encode()
    return mutate_bytes(rng, raw) if rng.random() < 0.3 else raw
