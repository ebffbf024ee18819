"""Named configurations, and configurations read from a TOML file."""

from __future__ import annotations

from dataclasses import fields, replace
from pathlib import Path
from typing import Any

from .config import ConfigError, CoreConfig
from .toml_file import read_toml
from .wording import one_line

__all__ = ["PRESETS", "load_preset"]

# What fits the UP5K: four lanes, for the four single-port memories give four weights a cycle. The program is in
# them, too.
_UP5K = CoreConfig(
    name="icebreaker-compact",
    inputs=784,
    hidden=(64, 64),
    classes=10,
    lanes=4,
    rows=14336,
    group=4,
    weight_bits=16,
    operand_bits=16,
    vectors=112,
    elements=64,
    program=1024,
    results=16,
    memory="spram",
    compact=True,
    clock_mhz=24.0,
)

PRESETS: dict[str, CoreConfig] = {
    config.name: config
    for config in (
        # 14 bits a weight: the widest that lets 2,048 rows of 128 lanes fit the 85F's 208 block RAMs.
        CoreConfig(
            name="ulx3s-85f",
            inputs=784,
            hidden=(128, 128),
            classes=10,
            lanes=128,
            rows=2048,
            group=8,
            weight_bits=14,
            clock_mhz=75.0,
        ),
        # The same weights and the same network for the same FPGA: half the lanes, which leave it room and more speed.
        CoreConfig(
            name="ulx3s-85f-64",
            inputs=784,
            hidden=(128, 128),
            classes=10,
            lanes=64,
            rows=4096,
            group=8,
            weight_bits=14,
            vectors=32,
            clock_mhz=51.0,
        ),
        # 13 bits leave a few of the 45F's 108 block RAMs free. It has multipliers for 64 lanes, but only lookup tables
        # for 32 and room for their routes.
        CoreConfig(
            name="ulx3s-45f",
            inputs=784,
            hidden=(128, 128),
            classes=10,
            lanes=32,
            rows=4096,
            group=8,
            weight_bits=13,
            vectors=32,
            clock_mhz=48.0,
        ),
        # The 25F has multipliers for 24 lanes, but they would fill 92 % of its lookup tables, and find no routes.
        CoreConfig(
            name="ulx3s-25f",
            inputs=784,
            hidden=(48, 48),
            classes=10,
            lanes=16,
            rows=3072,
            group=8,
            weight_bits=14,
            vectors=32,
            clock_mhz=48.0,
        ),
        # 8,192 rows of 8 lanes at 16 bits are exactly the UP5K's 128 KB of single-port memory.
        CoreConfig(
            name="icebreaker",
            inputs=784,
            hidden=(64, 64),
            classes=10,
            lanes=8,
            rows=8192,
            group=8,
            weight_bits=16,
            operand_bits=16,
            vectors=128,
            memory="spram",
            clock_mhz=18.0,
            baud=1_000_000,
        ),
        # Small and awkward on purpose: layers that fill neither lanes nor words, more than one tile.
        CoreConfig(
            name="tiny",
            inputs=20,
            hidden=(6, 5),
            classes=3,
            lanes=4,
            rows=96,
            group=2,
            vectors=32,
            elements=32,
            watchdog=50_000,
        ),
        _UP5K,
        # A network that it trains in a third of a millisecond, and a line that is as fast.
        replace(_UP5K, name="icebreaker-fast", hidden=(16,), baud=6_000_000),
        # The compact core in block RAM: rows and program are 32 of the 46 blocks of a GW2A-18.
        CoreConfig(
            name="tang-primer-20k",
            inputs=784,
            hidden=(32, 32),
            classes=10,
            lanes=4,
            rows=6912,
            group=4,
            weight_bits=16,
            operand_bits=16,
            vectors=112,
            elements=64,
            program=512,
            results=16,
            memory="spram",
            compact=True,
            clock_mhz=27.0,
            baud=1_000_000,
        ),
    )
}


def load_preset(name: str) -> CoreConfig:
    """The preset called ``name``, or the configuration in the TOML file at that path.

    A TOML file holds the fields of :class:`CoreConfig` as top-level keys; ``base = "preset"`` takes the others from a
    named preset. ``group`` defaults to the largest divisor of ``lanes`` up to 8.

    Raises
    ------
    ConfigError
        If the name is unknown, the file is missing or is no TOML, a key is unknown or missing, or a value cannot work.
    """
    if name in PRESETS:
        return PRESETS[name]
    path = Path(name)
    if path.suffix != ".toml":
        raise ConfigError(f"unknown preset {name!r}: use one of {', '.join(PRESETS)}, or the path of a .toml file")
    try:
        return _from_values(read_toml(path), path.stem)
    except OSError as error:
        raise ConfigError(f"cannot read preset {name!r}: {error.strerror}") from error
    except ConfigError as error:
        raise ConfigError(one_line(f"preset {name!r}: {error}")) from error
    except ValueError as error:
        raise ConfigError(one_line(f"preset {name!r} is not valid TOML: {error}")) from error


def _from_values(values: dict[str, Any], stem: str) -> CoreConfig:
    """The configuration that a file's keys describe; raises ConfigError, which does not yet name the file."""
    base = values.pop("base", None)
    if base is not None and not (isinstance(base, str) and base in PRESETS):
        raise ConfigError(f"base must be one of {', '.join(PRESETS)}, not {base!r}")
    known = {field.name: field for field in fields(CoreConfig)}
    for key in values:
        if key not in known:
            raise ConfigError(f"unknown key {key!r}; known are {', '.join(known)}")
    if base is not None:
        lanes = values.get("lanes", PRESETS[base].lanes)
        merged = {key: getattr(PRESETS[base], key) for key in known} | {"name": stem} | values
    else:
        lanes = values.get("lanes")
        merged = {"name": stem} | values
    if "group" not in values and "lanes" in merged:
        known_size = isinstance(lanes, int) and lanes > 0  # otherwise the configuration says what is wrong with lanes
        merged["group"] = max(size for size in range(1, 9) if lanes % size == 0) if known_size else 1
    if isinstance(merged.get("hidden"), list):
        merged["hidden"] = tuple(merged["hidden"])
    try:
        return CoreConfig(**merged)
    except TypeError as error:
        missing = [key for key in ("inputs", "hidden", "classes", "lanes", "rows") if key not in merged]
        raise ConfigError(f"missing {', '.join(missing) or error}") from error
