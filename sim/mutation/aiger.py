"""Compares circuits gate by gate: cheaper than any proof where a change has left nothing behind."""

from __future__ import annotations

import re
from collections.abc import Iterable
from pathlib import Path

__all__ = ["same_circuit"]

_Table = dict[tuple[int, int], int]
_OUTPUT = "output "
_MEMORY = re.compile(r"(?P<memory>.+)\.(?P<port>RD_DATA|RD_EN|WR_DATA|WR_EN)(?:\[(?P<bit>\d+)\])?")


def same_circuit(one: Path, other: Path) -> bool:
    """Whether two ASCII AIGER files with names hold the same gates between the same ports and latches.

    The order of gates, and of the inputs of a gate, does not matter, nor does a latch that no output depends on, nor
    what is written to a bit of memory words that nothing reads. Memories are ports with the names that yosys gives to
    those of its ``$mem_v2``. False does not say that the circuits differ in what they do.
    """
    table: _Table = {}
    names: dict[str, int] = {}
    first, second = _functions(one, names, table), _functions(other, names, table)
    called = {literal: name for name, literal in names.items()}
    gates = {literal: inputs for inputs, literal in table.items()}
    outputs = {name for functions in (first, second) for name in functions if name.startswith(_OUTPUT)}
    columns = _columns(outputs, names)
    pending = outputs.difference(*columns.values())
    seen: set[int] = set()
    while pending:
        name = pending.pop()
        if name not in first or first[name] != second.get(name):
            return False
        cone = [first[name]]
        while cone:
            literal = cone.pop() & ~1
            if literal not in seen:
                seen.add(literal)
                cone += gates.get(literal, ())
                name = called.get(literal, "")
                pending.update(columns.get(name, ()))
                pending.update([name] if name in first else [])
    return True


def _columns(outputs: Iterable[str], inputs: Iterable[str]) -> dict[str, set[str]]:
    """For each bit that memories give, the outputs that write this bit of their words."""
    ports: dict[tuple[str, str], list[str]] = {}
    for name in (*inputs, *outputs):
        if found := _MEMORY.fullmatch(name.removeprefix(_OUTPUT)):
            ports.setdefault((found["memory"], found["port"]), []).append(name)
    columns = {}
    for (memory, port), bits in ports.items():
        if port == "RD_DATA" and (memory, "RD_EN") in ports:
            width = len(bits) // len(ports[memory, "RD_EN"])
            writes = [*ports.get((memory, "WR_DATA"), ()), *ports.get((memory, "WR_EN"), ())]
            for bit in bits:
                columns[bit] = {each for each in writes if (_place(each) - _place(bit)) % width == 0}
    return columns


def _place(name: str) -> int:
    found = _MEMORY.fullmatch(name.removeprefix(_OUTPUT))
    return int(found["bit"] or 0) if found else 0


def _functions(path: Path, names: dict[str, int], table: _Table) -> dict[str, int]:
    """What each output and the next value of each latch is, by name, as a literal of ``table``.

    ``names`` and ``table`` give the same number to the same input, latch or gate of any circuit; they grow.
    """
    lines = path.read_text(encoding="utf-8").splitlines()
    _, inputs, latches, outputs, gates = (int(word) for word in lines[0].split()[1:6])
    after_inputs = 1 + inputs
    after_latches = after_inputs + latches
    after_outputs = after_latches + outputs
    after_gates = after_outputs + gates
    called = {
        word: name
        for word, _, name in (line.partition(" ") for line in lines[after_gates:])
        if word[:1] in ("i", "l", "o") and word[1:].isdigit()
    }
    known = {0: 0}

    def literal(number: int) -> int:
        return known[number & ~1] ^ (number & 1)

    for kind, first, last in (("i", 1, after_inputs), ("l", after_inputs, after_latches)):
        for place, line in enumerate(lines[first:last]):
            name = called.get(f"{kind}{place}", f"{kind}{place}")
            known[int(line.split()[0])] = names.setdefault(name, 2 * (len(names) + len(table) + 1))
    for line in lines[after_outputs:after_gates]:
        gate, left, right = (int(word) for word in line.split())
        low, high = sorted((literal(left), literal(right)))
        if low == 0 or low ^ 1 == high:
            known[gate] = 0
        elif low in (1, high):
            known[gate] = high
        else:
            known[gate] = table.setdefault((low, high), 2 * (len(names) + len(table) + 1))
    found = {}
    for place, line in enumerate(lines[after_inputs:after_latches]):
        found[called.get(f"l{place}", f"l{place}")] = literal(int(line.split()[1]))
    for place, line in enumerate(lines[after_latches:after_outputs]):
        found[f"{_OUTPUT}{called.get(f'o{place}', place)}"] = literal(int(line))
    return found
