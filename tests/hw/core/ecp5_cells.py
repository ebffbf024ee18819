"""Proofs that what is built of an ECP5's cells does the same as what is written plainly."""

import re
from collections.abc import Callable, Sequence
from pathlib import Path
from types import SimpleNamespace

from amaranth.back import rtlil
from amaranth.lib import wiring

from onward.sim import cells
from onward.sim.formal.netlist import run_yosys

__all__ = ["prove_same"]

ECP5 = SimpleNamespace(device="LFE5U-85F")
MODELS = (Path(cells.__path__[0]) / "ecp5.sv").read_text()
LUT4 = """
module LUT4 #(parameter INIT = 0) (input A, B, C, D, output Z);
  assign Z = INIT[{D, C, B, A}];
endmodule
"""


def prove_same(
    folder: Path,
    make: Callable[[], wiring.Component],
    cell: str,
    helper: str = "",
    cycles: int = 1,
    zeros: Sequence[str] = (),
    others: Sequence[str] = (),
) -> None:
    """Prove that ``make()`` gives the same for an ECP5, where it has ``cell``, as for no platform.

    ``others`` : cells that it has, too.
    ``cycles`` : in the last of so many, what its registers held at first does not count any more.
    ``zeros`` : bits of inputs that are left 0, as ``x[3]``, where a solver would take long.

    Raises
    ------
    SolverError
        If they differ.
    """
    for name, platform in (("plain", None), ("cells", ECP5)):
        text = rtlil.convert(make(), platform=platform, name=name)
        assert (cell in text) == (name == "cells")
        (folder / f"{name}.il").write_text(text)
    models = "".join(LUT4 if each == "LUT4" else scalar_ports(each) for each in (cell, *others))
    (folder / "models.sv").write_text(models + (model(helper) if helper else ""))
    held = " ".join(f"-set in_{bit} 0" for bit in zeros)
    script = f"""
        read_verilog -sv models.sv
        read_rtlil cells.il
        hierarchy -top cells
        proc
        flatten
        read_rtlil plain.il
        proc
        flatten plain
        memory_map plain
        miter -equiv -flatten -make_outputs -ignore_gold_x plain cells miter
        opt miter
        sat -verify -seq {cycles} -prove-skip {cycles - 1} -prove trigger 0 {held} miter
    """
    run_yosys(script, folder, 120)


def model(cell: str) -> str:
    """One of the project's models."""
    (text,) = re.findall(rf"^module {cell}\b.*?^endmodule\n", MODELS, re.MULTILINE | re.DOTALL)
    return text


def scalar_ports(cell: str) -> str:
    """A module with the ports of a netlist, around a model, which has numbered ports as vectors."""
    head = model(cell).split(");")[0]
    ports = re.findall(r"(input|output) (?:\[(\d+):0\] )?([A-Z]\w*(?:,\s+[A-Z]\w*)*)", head)
    declared, connected = [], []
    for direction, high, names in ports:
        for name in re.findall(r"\w+", names):
            bits = [f"{name}{bit}" for bit in range(int(high) + 1)] if high else [name]
            declared += [f"{direction} {bit}" for bit in bits]
            connected.append(f".{name}({{{', '.join(reversed(bits))}}})")
    parameters = re.findall(r"parameter (?:\[[^]]*\] )?(\w+)( = [^,\n]*)", head)
    taken = f"#({', '.join(f'parameter {name}{value}' for name, value in parameters)})" if parameters else ""
    given = f"#({', '.join(f'.{name}({name})' for name, _ in parameters)})" if parameters else ""
    renamed = model(cell).replace(cell, f"MODEL_{cell}", 1)
    return f"""{renamed}
module {cell} {taken} ({", ".join(declared)});
  MODEL_{cell} {given} model ({", ".join(connected)});
endmodule
"""
