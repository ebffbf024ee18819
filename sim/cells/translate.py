"""A netlist as synthesis leaves it, as Verilog that a simulated board can be made of."""

from __future__ import annotations

import json
import re
from collections import defaultdict
from pathlib import Path
from typing import Any

__all__ = ["NetlistError", "translate"]

_HERE = Path(__file__).parent
_NUMBERED = re.compile(r"([A-Z]+)(\d+)")
_BITS = re.compile(r"[01xz]+")
_IGNORED = ("$scopeinfo",)

_TABLES = {"LUT4": ("INIT", "A", "B", "C", "D"), "SB_LUT4": ("LUT_INIT", "I0", "I1", "I2", "I3")}
"""Lookup tables, with their contents and inputs: far too many different ones for a module each."""

_CLOCKS = ("EHXPLLL", "SB_PLL40_PAD")
"""Cells whose parameters do not matter: a simulation has one clock."""

_PADS = {"TRELLIS_IO": ("B", "O", "I"), "SB_IO": ("PACKAGE_PIN", "D_IN_0", "D_OUT_0")}
"""Buffers of pins: the pin, what comes in, what goes out."""


class NetlistError(ValueError):
    """A netlist that cannot be simulated; the message says what is in the way."""


def translate(netlist: Path, family: str, pins: dict[str, str]) -> str:
    """SystemVerilog of a module ``onward`` with the ports ``clk``, ``rst``, ``rx`` and ``tx``, and of its cells.

    Every cell becomes a module of ``sim/cells/FAMILY.sv``, except lookup tables and pads, which become assignments.
    ``rst`` is not connected: a board starts by itself.

    Parameters
    ----------
    netlist : yosys' JSON of the board's top.
    family : ecp5 or ice40.
    pins : for ``clk``, ``rx`` and ``tx``, the top's port.

    Raises
    ------
    NetlistError
        If the file is no netlist, a port is missing, or a cell has no model.
    """
    try:
        modules = json.loads(netlist.read_text(encoding="utf-8"))["modules"]
        (top,) = (each for each in modules.values() if "top" in each["attributes"])
        ports, cells = top["ports"], top["cells"]
    except (ValueError, KeyError, TypeError) as error:
        raise NetlistError(f"{netlist}: is no netlist of a synthesised board ({error})") from None
    if not family:
        raise NetlistError(f"{netlist}: there are no models of its cells")
    models = (_HERE / f"{family}.sv").read_text(encoding="utf-8")
    known = set(re.findall(r"^module (\w+)", models, re.MULTILINE)) | set(_TABLES) | set(_PADS)
    unknown = sorted({cell["type"] for cell in cells.values()} - known - set(_IGNORED))
    if unknown:
        raise NetlistError(f"sim/cells/{family}.sv has no model of {', '.join(unknown)}")
    for pin in pins.values():
        if pin not in ports:
            raise NetlistError(f"{netlist}: has no port {pin}, but {', '.join(ports)}")

    nets: set[int] = set()
    body: list[str] = []
    for number, cell in enumerate(cells.values()):
        if cell["type"] in _IGNORED:
            continue
        nets.update(bit for bits in cell["connections"].values() for bit in bits if isinstance(bit, int))
        if cell["type"] in _TABLES:
            body.append(_table(cell))
        elif cell["type"] in _PADS:
            body.append(_pad(cell))
        else:
            body.append(_instance(cell, number))
    wires = "".join(f"  wire n{net};\n" for net in sorted(nets))
    (clk,), (rx,), (tx,) = (ports[pins[name]]["bits"] for name in ("clk", "rx", "tx"))
    ends = f"  assign n{clk} = clk;\n  assign n{rx} = rx;\n  assign tx = n{tx};\n"
    # Pins that synthesis has left out are 0.
    missing = "/* verilator lint_off PINMISSING */\n"
    return f"{missing}module onward (input clk, rst, rx, output tx);\n{wires}{ends}{''.join(body)}endmodule\n\n{models}"


def _net(bit: int | str) -> str:
    """A bit of a connection; what is undefined is 0."""
    return f"n{bit}" if isinstance(bit, int) else f"1'b{1 if bit == '1' else 0}"


def _vector(bits: list[int | str]) -> str:
    return _net(bits[0]) if len(bits) == 1 else "{" + ", ".join(_net(bit) for bit in reversed(bits)) + "}"


def _table(cell: dict[str, Any]) -> str:
    contents, *inputs = _TABLES[cell["type"]]
    ((output,),) = (bits for name, bits in cell["connections"].items() if name not in inputs)
    address = [cell["connections"].get(name, ["0"])[0] for name in inputs]
    table = int(cell["parameters"][contents].replace("x", "0"), 2)
    return f"  assign {_net(output)} = {_expression(table, [_net(bit) for bit in address])};\n"


def _expression(table: int, inputs: list[str]) -> str:
    """A lookup table as a short expression: split by its last input, again and again."""
    full = (1 << (1 << len(inputs))) - 1
    if table in (0, full):
        return "1'b1" if table else "1'b0"
    *rest, last = inputs
    half = (1 << (1 << len(rest))) - 1
    low, high = table & half, table >> (1 << len(rest))
    if low == high:
        return _expression(low, rest)
    if low == 0:
        return last if high == half else f"({last} & {_expression(high, rest)})"
    if high == 0:
        return f"~{last}" if low == half else f"(~{last} & {_expression(low, rest)})"
    if low == half:
        return f"(~{last} | {_expression(high, rest)})"
    if high == half:
        return f"({last} | {_expression(low, rest)})"
    if low == high ^ half:
        return f"({last} ^ {_expression(low, rest)})"
    return f"({last} ? {_expression(high, rest)} : {_expression(low, rest)})"


def _pad(cell: dict[str, Any]) -> str:
    pin, inward, outward = (cell["connections"].get(name) for name in _PADS[cell["type"]])
    if outward and pin:
        return f"  assign {_net(pin[0])} = {_net(outward[0])};\n"
    return f"  assign {_net(inward[0])} = {_net(pin[0])};\n" if inward and pin else ""


def _instance(cell: dict[str, Any], number: int) -> str:
    """An instance of a model; ports that are numbered one by one are joined."""
    vectors: dict[str, dict[int, int | str]] = defaultdict(dict)
    ports: dict[str, list[int | str]] = {}
    for name, bits in cell["connections"].items():
        match = _NUMBERED.fullmatch(name)
        if match and len(bits) == 1:
            vectors[match[1]][int(match[2])] = bits[0]
        else:
            ports[name] = bits
    for name, parts in vectors.items():
        if sorted(parts) != list(range(len(parts))):
            raise NetlistError(f"a {cell['type']} has only parts of its port {name} connected")
        ports[name] = [parts[index] for index in range(len(parts))]
    connections = ", ".join(f".{name}({_vector(bits)})" for name, bits in ports.items())
    values = {} if cell["type"] in _CLOCKS else _gathered(cell["parameters"])
    parameters = ", ".join(f".{name}({_value(value)})" for name, value in values.items())
    return f"  {cell['type']} #({parameters}) c{number} ({connections});\n"


def _gathered(parameters: dict[str, str]) -> dict[str, str]:
    """Parameters, with the contents of a memory joined; they are left out if all are 0."""
    rest = {name: value for name, value in parameters.items() if not re.match(r"INIT(VAL)?_[0-9A-F]+$", name)}
    parts = [parameters[name] for name in sorted(set(parameters) - set(rest), reverse=True)]
    if parts and len(parts[0]) == 320:
        # 16 words of 18 bits in fields of 20 bits
        parts = [part[place + 2 : place + 20] for part in parts for place in range(0, 320, 20)]
    joined = "".join(parts).replace("x", "0")
    return rest | ({"INIT": joined} if "1" in joined else {})


def _value(value: str) -> str:
    """A parameter; text that looks like a number has a space at its end in the file."""
    if _BITS.fullmatch(value):
        return f"{len(value)}'b{value.replace('x', '0').replace('z', '0')}"
    return f'"{value.rstrip(" ")}"'
