"""Situations that the benches should meet, and those that they have met."""

from __future__ import annotations

import atexit
import json
import os
from collections import Counter
from pathlib import Path
from typing import Any

from onward.hw.spec.config import CoreConfig
from onward.hw.spec.isa import USED_FIELDS, Instruction, Op, Source, Store
from onward.hw.spec.protocol import COUNTERS, Command, Status

__all__ = ["BINS_FILE", "BINS_VARIABLE", "Bins", "all_bins", "bins"]

BINS_FILE = "bins.json"
BINS_VARIABLE = "ONWARD_BINS"
"""Names the file to write when the process ends; nothing is counted without it."""

_FLAGS = ("init", "neg", "fine", "ri", "p1i", "p2i")
_SATURATIONS = tuple(name for name in COUNTERS if name.endswith("_saturations"))


def all_bins() -> list[str]:
    """Names of everything that should be met."""
    names = [f"saturation: {name.removesuffix('_saturations')}" for name in _SATURATIONS]
    names += ["sample: all zero", "sample: no zero", "sample: brightest pixel", "vector: zero", "vector: no zero"]
    names += ["weight: min", "weight: max", "row: all min", "row: all max"]
    for op in Op:
        names.append(f"instruction: {op.name}")
        used = USED_FIELDS[op]
        names += [f"instruction: {op.name} with {flag}" for flag in _FLAGS if flag in used]
        if "source" in used:
            names += [f"instruction: {op.name} from {source.name}" for source in Source]
        if "store" in used:
            names += [f"instruction: {op.name} as {store.name}" for store in Store]
    names += [f"command: {command.name}" for command in Command]
    names += [f"status: {status.name}" for status in Status]
    return names


class Bins:
    """Counts situations; ``met`` has how often, by the names of :func:`all_bins`."""

    def __init__(self) -> None:
        self.met: Counter[str] = Counter()

    def program(self, instructions: Any, entry: int) -> None:
        """A program has run from ``entry``; all up to the next END were carried out, as nothing jumps over any."""
        for instruction in instructions[entry:]:
            self._instruction(instruction)
            if instruction.op == Op.END:
                break

    def _instruction(self, instruction: Instruction) -> None:
        op = Op(instruction.op)
        used = USED_FIELDS[op]
        self.met[f"instruction: {op.name}"] += 1
        for flag in _FLAGS:
            if flag in used and getattr(instruction, flag):
                self.met[f"instruction: {op.name} with {flag}"] += 1
        if "source" in used:
            self.met[f"instruction: {op.name} from {Source(instruction.source).name}"] += 1
        if "store" in used:
            self.met[f"instruction: {op.name} as {Store(instruction.store).name}"] += 1

    def counters(self, counters: dict[str, int]) -> None:
        """Counters were read, and were right."""
        for name in _SATURATIONS:
            self.met[f"saturation: {name.removesuffix('_saturations')}"] += counters[name]

    def sample(self, values: Any, inputs: int) -> None:
        """A sample with these nonzero pixels was worked on."""
        self.met["sample: all zero"] += len(values) == 0
        self.met["sample: no zero"] += len(values) == inputs
        self.met["sample: brightest pixel"] += bool((values == 255).any())

    def row(self, values: Any, config: CoreConfig) -> None:
        """A weight row was read back, and was right."""
        for name, limit in (("min", config.weight.min), ("max", config.weight.max)):
            self.met[f"weight: {name}"] += bool((values == limit).any())
            self.met[f"row: all {name}"] += bool((values == limit).all())

    def vector(self, values: Any) -> None:
        """A word of the vector registers was read back, and was right."""
        self.met["vector: zero"] += not values.any()
        self.met["vector: no zero"] += bool(values.all())

    def link(self, command: int, status: Status) -> None:
        """A command was answered."""
        if status is Status.OK:
            self.met[f"command: {Command(command).name}"] += 1
        self.met[f"status: {status.name}"] += 1

    def write(self, path: Path) -> None:
        """Write what was met as JSON."""
        path.write_text(json.dumps({name: count for name, count in self.met.items() if count}), encoding="utf-8")


bins = Bins()
"""Those of this process."""

if BINS_VARIABLE in os.environ:
    atexit.register(bins.write, Path(os.environ[BINS_VARIABLE]))
