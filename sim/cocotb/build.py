"""Compiles the Verilog of a unit for a simulator, and keeps the result in a cache."""

from __future__ import annotations

import hashlib
import os
import shutil
import subprocess
import tempfile
from functools import cache
from importlib.metadata import version
from pathlib import Path

import cocotb_tools.config
from cocotb_tools.runner import Runner, VerilatorControlFile, Verilog

from onward.sim.board.build import SimBuildError
from onward.sw.data.catalogue import cache_folder

__all__ = ["TOP", "BuildError", "build", "compiler"]

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
)
_COVERAGE = ("--coverage-line", "--coverage-toggle", "--coverage-underscore")
_PUBLIC = f'`verilator_config\npublic_flat_rw -module "{TOP}" -var "*"\n'
_MAKE = (
    # Benches run for seconds: compiling fast counts for more than running fast.
    "OPT_FAST=-O1",
    "OPT_SLOW=-O0",
    "OPT_GLOBAL=-O0",
    # The wheel leaves these empty; without them precompiled headers are given to the linker.
    "CFG_CXXFLAGS_PCH_I=-include",
    "CFG_GCH_IF_CLANG=",
)
_LARGE = 2_000_000
"""Bytes of Verilog from which on compiling many files at once is faster than compiling one."""
_LIBRARY = ("verilated.o", "verilated_dpi.o", "verilated_threads.o", "verilated_vpi.o")
"""Verilator's run-time library: half of the work of a small build, and the same in each."""


class BuildError(SimBuildError):
    """The simulator does not accept a unit; the message ends with what it said last."""


def build(runner: Runner, verilog: str, simulator: str, folder: Path, waves: bool, coverage: bool = False) -> Path:
    """Compile ``verilog``, whose top module is ``TOP``; the simulator must be on the PATH.

    Parameters
    ----------
    runner : cocotb's for this simulator.
    folder : takes the log, and with ``waves`` the simulation, which is else in the cache.
    coverage : count how often lines run and bits change; Verilator only.

    Returns
    -------
    The folder with the simulation, to be given to the runner's ``test``.

    Raises
    ------
    BuildError
        If it cannot be compiled.
    """
    product = "sim.vvp" if simulator == "icarus" else TOP
    tools = _tools_key(simulator) + "coverage" * coverage
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
        library = None
        if simulator == "verilator":
            sources.append(VerilatorControlFile(work / "public.vlt"))
            (work / "public.vlt").write_text(_PUBLIC)
            # What records waveforms or coverage has a larger library.
            library = None if waves or coverage else cache_folder("cosim") / "builds" / _hash("library", tools)
            arguments += [
                *_VERILATOR,
                *_COVERAGE * coverage,
                *_make_arguments(library, work, large=len(verilog) > _LARGE),
            ]
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
        if library:
            for part in _LIBRARY:
                if (work / "build" / part).exists():
                    _publish(work / "build" / part, library)
        _publish(work / "build" / product, target)
    return target


def _make_arguments(library: Path | None, work: Path, large: bool) -> list[str]:
    """Sets the variables of make; returns arguments of Verilator that go with them.

    The run-time library is that of an earlier build, if there was one.
    """
    variables = [*_MAKE, f"CXX={compiler()}", f"LINK={compiler()}", f"VM_PARALLEL_BUILDS={int(large)}"]
    arguments = []
    if library and all((library / part).exists() for part in _LIBRARY):
        variables.append("VM_GLOBAL_FAST=")
        # The path of the cache may have a space in it, which make cannot bear.
        parts = [shutil.copy(library / part, work) for part in _LIBRARY]
        arguments = ["-LDFLAGS", " ".join(map(str, parts))]
    # These go before the variables of the makefile, as if they were arguments of make.
    os.environ["MAKEFLAGS"] = " ".join(variables)
    return arguments


def _publish(file: Path, target: Path) -> None:
    """Copy into the folder ``target``; the file appears there at once, whoever else does the same."""
    target.mkdir(parents=True, exist_ok=True)
    handle, part = tempfile.mkstemp(dir=target)
    os.close(handle)
    shutil.copy(file, part)
    os.chmod(part, 0o755)
    os.replace(part, target / file.name)


def compiler() -> str:
    """The C++ compiler's command."""
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
    return "\0".join((*parts, version("verilator"), _said(compiler(), "--version"), *_VERILATOR, *_MAKE, _PUBLIC))


def _hash(*parts: str) -> str:
    return hashlib.sha256("\0".join(parts).encode()).hexdigest()[:32]
