"""The one configuration object: everything that gateware, golden model, programs and driver must agree on."""

from __future__ import annotations

import hashlib
import json
import math
from dataclasses import asdict, dataclass, fields
from typing import Literal

from .formats import ELEMENT, OPERAND_FRACTION, Fixed

__all__ = ["ConfigError", "CoreConfig"]


class ConfigError(ValueError):
    """A configuration that cannot work; the message says which value, and what would."""


@dataclass(frozen=True)
class CoreConfig:
    """A core and the network it holds.

    Parameters
    ----------
    name : short name, used in reports and file names.
    inputs : elements of one sample (784 for 28x28 images).
    hidden : units of each hidden layer.
    classes : number of labels.
    lanes : multipliers side by side; one weight row holds ``lanes`` weights.
    rows : rows of the weight memory.
    group : lanes of one lateral-competition group; divides ``lanes``.
    weight_bits : bits of a weight (8 to 16), three of them sign and integer.
    operand_bits : bits of the broadcast operand (16 or 18).
    vectors : words of the vector register file, each ``lanes`` vector-format numbers.
    elements : depth of the element memory (reduced rows, logits, errors).
    program : instructions of the program memory.
    results : 32-bit words of the result buffer.
    memory : ``bram`` (one read and one write port) or ``spram`` (single port: UPDATE takes two cycles a row).
    compact : the form of the core for devices too small for the other one: a processor executes instruction after
        instruction. It needs ``spram``, four lanes, and 16 bits for weights and operands.
    clock_mhz : clock that figures in samples/s are stated at.
    baud : symbol rate of the board's UART.
    watchdog : cycles after which the core ends a program that has not ended by itself.

    Raises
    ------
    ConfigError
        For any value, or combination of values, that cannot work.
    """

    name: str
    inputs: int
    hidden: tuple[int, ...]
    classes: int
    lanes: int
    rows: int
    group: int
    weight_bits: int = 14
    operand_bits: int = 18
    vectors: int = 16
    elements: int = 1024
    program: int = 512
    results: int = 64
    memory: Literal["bram", "spram"] = "bram"
    compact: bool = False
    clock_mhz: float = 80.0
    baud: int = 3_000_000
    watchdog: int = 1 << 24

    def __post_init__(self) -> None:
        if not isinstance(self.hidden, tuple | list):
            raise ConfigError(f"hidden must be a list of layer sizes, not {self.hidden!r}")
        object.__setattr__(self, "hidden", tuple(self.hidden))
        _check_types(self)
        limits = {
            "inputs": (1, 4096),
            "classes": (2, 256),
            "lanes": (1, 1024),
            "rows": (1, 1 << 20),
            "group": (1, 16),
            "weight_bits": (8, 16),
            "vectors": (2, 256),
            "elements": (2, 4096),
            "program": (16, 4096),
            "results": (4, 256),
            "baud": (300, 12_000_000),
            "watchdog": (1 << 10, 1 << 32),
        }
        for field, (low, high) in limits.items():
            value = getattr(self, field)
            if not low <= value <= high:
                raise ConfigError(f"{field} must be {low} to {high}, not {value}")
        if not self.hidden or not all(1 <= size <= 4096 for size in self.hidden):
            raise ConfigError(f"hidden must name at least one layer, each of 1 to 4096 units, not {list(self.hidden)}")
        if self.operand_bits not in (16, 18):
            raise ConfigError(f"operand_bits must be 16 or 18, not {self.operand_bits}")
        if self.memory not in ("bram", "spram"):
            raise ConfigError(f"memory must be 'bram' or 'spram', not {self.memory!r}")
        if self.lanes % self.group or self.cluster_lanes % self.group:
            raise ConfigError(
                f"group must divide the {self.lanes} lanes and the {self.cluster_lanes} lanes of a cluster,"
                f" not {self.group}"
            )
        if self.compact and (self.memory, self.lanes, self.weight_bits, self.operand_bits) != ("spram", 4, 16, 16):
            raise ConfigError(
                "a compact core needs memory 'spram', 4 lanes, weight_bits 16 and operand_bits 16, not"
                f" {self.memory!r}, {self.lanes}, {self.weight_bits} and {self.operand_bits}"
            )
        if not 1 <= self.clock_mhz <= 1000:
            raise ConfigError(f"clock_mhz must be 1 to 1000, not {self.clock_mhz}")

    # number formats -----------------------------------------------------------------------------------------------

    @property
    def weight(self) -> Fixed:
        """Format of a weight: range [-4, 4)."""
        return Fixed(self.weight_bits, self.weight_bits - 3)

    @property
    def operand(self) -> Fixed:
        """Format of the broadcast operand of a forward product, and of a coarse UPDATE."""
        return Fixed(self.operand_bits, OPERAND_FRACTION)

    @property
    def fine_operand(self) -> Fixed:
        """Format of the broadcast operand of a fine UPDATE: range [-1/4, 1/4)."""
        return Fixed(self.operand_bits, self.operand_bits + 1)

    @property
    def accumulator_fraction(self) -> int:
        """Fraction bits of the lane accumulators: every product is added exactly."""
        return max(self.weight.fraction, ELEMENT.fraction) + OPERAND_FRACTION

    @property
    def accumulator_bits(self) -> int:
        """Bits of the lane accumulators: no sum of :attr:`max_terms` products weight x operand can overflow."""
        largest_product = 2 + (self.operand_bits - 1 - OPERAND_FRACTION)
        return self.accumulator_fraction + 1 + largest_product + math.ceil(math.log2(self.max_terms))

    @property
    def max_terms(self) -> int:
        """Products that one accumulation may add up (checked by the assembler).

        One less than a power of two: what the lanes add for rounding, half an element, has room, too.
        """
        return (1 << math.ceil(math.log2(max(self.inputs, *self.hidden) + self.classes + 64))) - 1

    # sizes --------------------------------------------------------------------------------------------------------

    @property
    def cluster_lanes(self) -> int:
        """Lanes of one cluster (the last may have fewer): at most 16, a multiple of the group."""
        return min(self.lanes, self.group * max(1, 16 // self.group))

    def tiles(self, units: int) -> int:
        """Words of ``lanes`` elements that a vector of ``units`` elements takes."""
        return -(-units // self.lanes)

    @property
    def digest(self) -> str:
        """Sixteen hex digits that identify every value of this configuration but its name."""
        values = {key: value for key, value in asdict(self).items() if key != "name"}
        if not self.compact:
            del values["compact"]  # cores that are not were identified before there were others
        return hashlib.sha256(json.dumps(values, sort_keys=True).encode()).hexdigest()[:16]


def _check_types(config: CoreConfig) -> None:
    """Refuse values of the wrong type (TOML and callers may pass anything)."""
    for field in fields(config):
        value = getattr(config, field.name)
        if field.name in ("name", "memory"):
            good = isinstance(value, str)
        elif field.name == "hidden":
            good = all(isinstance(size, int) and not isinstance(size, bool) for size in value)
        elif field.name == "compact":
            good = isinstance(value, bool)
        elif field.name == "clock_mhz":
            good = isinstance(value, int | float) and not isinstance(value, bool)
        else:
            good = isinstance(value, int) and not isinstance(value, bool)
        if not good:
            raise ConfigError(f"{field.name} has a value of the wrong type: {value!r}")
